"""Posts where the earlier systems had them: written first, then given their pictures one by one."""

import base64
import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from posts.models import Post
from tests.actors import client_of
from tests.concurrently import at_once
from tests.earlier.conftest import successor_of
from tests.factories import UserFactory

JSON = "application/json"
PREFIXES = ["/", "/api/posts/"]


def picture(colour: str = "tomato") -> str:
    """As a browser's FileReader has it."""
    data = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("how", [{}, {"content_type": JSON}], ids=["form", "JSON"])
def test_a_post_is_written_with_a_description_and_given_its_pictures(author: Client, prefix: str, how: Any) -> None:
    created = author.post(f"{prefix}post/create/", {"description": "Soup #hot"}, **how)
    assert created.status_code == 201, created.content
    post_id = created.json()["post_id"]
    assert successor_of(created) == "/api/posts/"
    for colour in ("tomato", "olive"):
        body = {"postID": post_id, "imageBase64": picture(colour)}
        added = author.post(f"{prefix}post/add/media/image/", body, **how)
        assert (added.status_code, successor_of(added)) == (201, "/api/media/"), added.content
    post = author.get(f"/posts/{post_id}/")
    assert successor_of(post) == f"/api/posts/{post_id}/"
    assert (post.json()["text"], post.json()["tags"], len(post.json()["media"])) == ("Soup #hot", ["hot"], 2)
    assert post.json()["media"] == added.json()["media"]


def test_a_form_with_a_file_may_bring_its_description_too(author: Client) -> None:
    file = io.BytesIO(base64.b64decode(picture().partition(",")[2]))
    file.name = "soup.png"
    created = author.post("/post/create/", {"description": "Soup", "image": file})
    assert (created.status_code, len(created.json()["media"])) == (201, 1), created.content


def test_a_post_sent_again_with_its_key_is_written_once(author: Client) -> None:
    first, again = (
        author.post("/post/create/", {"description": "Soup"}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json() and again.json()["post_id"] == Post.objects.get().pk


def test_nobody_adds_a_picture_to_anothers_post(author: Client) -> None:
    post_id = author.post("/post/create/", {"description": "Soup"}).json()["post_id"]
    body = {"postID": post_id, "imageBase64": picture()}
    other = client_of(UserFactory()).post("/post/add/media/image/", body)
    assert (other.status_code, other.json()["code"]) == (403, "not_author")
    assert Client().post("/post/add/media/image/", body).status_code == 401
    assert author.get(f"/posts/{post_id}/").json()["media"] == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"imageBase64": picture()}, 400, "postID"),
        ({"postID": "x", "imageBase64": picture()}, 400, "postID"),
        ({"postID": 1}, 400, "imageBase64"),
        ({"postID": 1, "imageBase64": "%%%"}, 400, "imageBase64"),
        ({"postID": 10**12, "imageBase64": picture()}, 404, None),
    ],
)
def test_what_is_wrong_is_named_as_their_client_knows_it(author: Client, body: Any, status: int, field: Any) -> None:
    response = author.post("/post/add/media/image/", body, content_type=JSON)
    assert response.status_code == status, response.content
    assert list(response.json().get("errors", [None])) == [field]


@pytest.mark.parametrize("address", ["post/create/", "post/add/media/image/"])
def test_these_addresses_are_for_posting_alone(author: Client, address: str) -> None:
    assert {author.get(f"/{address}").status_code, author.delete(f"/{address}").status_code} == {405}


@pytest.mark.django_db(transaction=True)
def test_pictures_that_are_added_at_once_are_all_shown() -> None:
    user = UserFactory()
    post_id = client_of(user).post("/post/create/", {"description": "Soup"}).json()["post_id"]
    bodies = [{"postID": post_id, "imageBase64": picture()} for _ in range(5)]
    clients = [(client_of(user), body) for body in bodies]
    answers = at_once(
        [lambda client=client, body=body: client.post("/post/add/media/image/", body) for client, body in clients]  # type: ignore[misc]
    )
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len(client_of(user).get(f"/posts/{post_id}/").json()["media"]) == 5
