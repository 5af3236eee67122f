"""Every POST that creates honours Idempotency-Key, and says so."""

import io
from typing import Any

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from core import docs
from core.models import IdempotencyKey
from media_pipeline.models import Media
from recipes.models import Rating
from tests.actors import client_of
from tests.factories import RecipeFactory, UserFactory

# What is asked before signing in, or answers with a secret; tus has its own way to go on; finalized again is the same;
# a mail that is asked for again is another mail; an export that is asked for again is the same one.
WITHOUT = {"auth_register", "realtime_ticket", "tus_create", "upload_finalize"}
WITHOUT |= {"auth_password_reset", "auth_email_verify_request", "auth_email_change", "me_export_request"}
PICTURE = io.BytesIO()
Image.new("RGB", (8, 8), "tomato").save(PICTURE, "PNG")


@pytest.fixture(scope="module")
def creating() -> dict[str, Any]:
    """The POST operations that create, by id."""
    docs.description.cache_clear()
    posts = [item["post"] for item in orjson.loads(docs.description("json"))["paths"].values() if "post" in item]
    return {post["operationId"]: post for post in posts if {"201", "202"} & set(post["responses"])}


def takes_a_key(operation: Any) -> bool:
    return any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))


def test_every_post_that_creates_takes_a_key(creating: dict[str, Any]) -> None:
    assert {name for name, operation in creating.items() if not takes_a_key(operation)} == WITHOUT


def test_those_tell_their_answers(creating: dict[str, Any]) -> None:
    for name, operation in creating.items():
        if takes_a_key(operation):
            assert {"409", "422"} <= set(operation["responses"]), name
            for status, response in operation["responses"].items():
                assert ("Idempotency-Replayed" in response.get("headers", ())) is (status < "300"), (name, status)


def test_a_picture_sent_again_is_one_picture(db: None) -> None:
    client = client_of(UserFactory())

    def upload() -> Any:
        file = SimpleUploadedFile("x.png", PICTURE.getvalue(), "image/png")
        return client.post("/api/media/", {"file": file}, format="multipart", headers={"Idempotency-Key": "k"})

    first, again = upload(), upload()
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert again["Location"] == f"/api/media/{Media.objects.get().pk}/"


def test_a_rating_sent_again_is_still_the_new_one_it_was(db: None) -> None:
    client = client_of(UserFactory())
    path = f"/api/recipes/{RecipeFactory().pk}/rate/"
    first, again = (client.post(path, {"score": 4}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert client.post(path, {"score": 5}, headers={"Idempotency-Key": "k"}).status_code == 422
    assert Rating.objects.get().score == 4


def test_a_page_of_another_origin_may_send_the_header(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "idempotency-key, if-match",
    }
    allowed = client.options("/api/recipes/", headers=asked)["Access-Control-Allow-Headers"].split(", ")
    assert {"idempotency-key", "if-match", "if-none-match", "authorization"} <= set(allowed)


def test_staff_see_a_key_and_not_what_was_answered(client: Client, db: None) -> None:
    client_of(UserFactory()).post("/api/posts/", {"text": "Just for me."}, headers={"Idempotency-Key": "my-key"})
    admin = UserFactory(username="root", staff_role=User.StaffRole.ADMIN, is_staff=True, is_superuser=True)
    client.force_login(admin)
    page = client.get("/admin/core/idempotencykey/")
    assert page.status_code == 200 and b"my-key" in page.content
    page = client.get(f"/admin/core/idempotencykey/{IdempotencyKey.objects.get().pk}/change/")
    assert page.status_code == 200 and b"my-key" in page.content
    assert b"Just for me." not in page.content
