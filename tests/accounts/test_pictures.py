"""PUT DELETE /api/me/picture/ and /cover/"""

import base64
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from media_pipeline.models import Media
from realtime.models import Job
from recipes.models import Recipe
from tests.accounts.conftest import events_on
from tests.factories import RecipeFactory
from tests.jobs import run_jobs

BOTH = pytest.mark.parametrize("which", ["picture", "cover"])


def png(colour: str = "tomato") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(data, "PNG")
    return data.getvalue()


def put(client: APIClient, which: str, data: bytes) -> Any:
    return client.put(f"/api/me/{which}/", {which: base64.b64encode(data).decode()})


@BOTH
def test_a_base64_image_is_pending_at_once_and_ready_later(as_ann: APIClient, ann: User, which: str) -> None:
    response = put(as_ann, which, png())
    assert response.status_code == 200
    assert response.json()["status"] == "pending"
    run_jobs()
    image = as_ann.get("/api/me/").json()[which]
    assert image["id"] == response.json()["id"]
    assert image["status"] == "ready"
    assert image["url"].endswith(".jpg")
    assert [event["type"] for event in events_on(f"inbox:{ann.pk}")] == ["media.ready"]


@BOTH
def test_an_image_can_come_as_a_file(as_ann: APIClient, which: str) -> None:
    upload = SimpleUploadedFile("me.png", png(), "image/png")
    response = as_ann.put(f"/api/me/{which}/", {which: upload}, format="multipart")
    assert response.status_code == 200
    assert as_ann.get("/api/me/").json()[which]["id"] == response.json()["id"]


@BOTH
def test_a_new_image_takes_the_place_of_the_old_one_which_is_deleted(as_ann: APIClient, which: str) -> None:
    put(as_ann, which, png())
    new = put(as_ann, which, png("teal")).json()
    assert [str(media.pk) for media in Media.objects.all()] == [new["id"]]


def test_an_old_picture_that_a_recipe_shows_stays(as_bob: APIClient, bob: User) -> None:
    old = put(as_bob, "picture", png()).json()
    RecipeFactory(seller=bob, image_id=old["id"])
    put(as_bob, "picture", png("teal"))
    assert str(Recipe.objects.get().image_id) == old["id"]


@BOTH
def test_a_removed_image_is_gone(as_ann: APIClient, which: str) -> None:
    put(as_ann, which, png())
    assert as_ann.delete(f"/api/me/{which}/").status_code == 204
    assert as_ann.get("/api/me/").json()[which] is None
    assert not Media.objects.exists()
    assert as_ann.delete(f"/api/me/{which}/").status_code == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"picture": "no base64!"}, 400),
        ({"picture": base64.b64encode(b"a text, renamed to .jpg").decode()}, 415),
        ({"picture": 5}, 400),
        ({"picture": None}, 400),
        ({"picture": ""}, 400),
        ({}, 400),
    ],
)
def test_a_bad_picture_is_refused_and_the_old_one_stays(as_ann: APIClient, body: dict[str, Any], status: int) -> None:
    old = put(as_ann, "picture", png()).json()
    response = as_ann.put("/api/me/picture/", body)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert as_ann.get("/api/me/").json()["picture"]["id"] == old["id"]
    assert Job.objects.count() == 1


def test_the_actor_of_an_event_carries_the_small_picture(as_ann: APIClient, bob: User) -> None:
    put(as_ann, "picture", png())
    run_jobs()
    as_ann.put("/api/users/bob/follow/")
    (event,) = events_on(f"user:{bob.pk}")
    assert event["actor"]["picture"] == as_ann.get("/api/me/").json()["picture"]["renditions"]["small"]["url"]


def test_a_picture_counts_as_an_upload_and_taking_it_away_does_not(as_ann: APIClient, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "upload": "1/hour"}
    assert put(as_ann, "picture", png()).status_code == 200
    assert as_ann.delete("/api/me/picture/").status_code == 204
    assert put(as_ann, "cover", png()).status_code == 429
