"""Whoever has no picture or cover has one that is drawn: the same each time, for every name."""

from io import BytesIO

import pytest
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from media_pipeline.drawn import drawn_url, initials_of
from tests.factories import UserFactory


def drawn(url: str) -> Image.Image:
    answer = Client().get(url)
    assert answer.status_code == 200, (url, answer.content)
    assert answer["Content-Type"] == "image/png"
    assert "immutable" in answer["Cache-Control"]
    picture = Image.open(BytesIO(answer.content))
    picture.load()
    return picture


def test_a_new_person_has_a_picture_and_a_cover_that_can_be_shown(anyone: APIClient, ann: User) -> None:
    page = anyone.get("/api/users/ann/").json()
    assert (page["picture"], page["cover"]) == (None, None)
    assert drawn(page["picture_url"]).size == (400, 400)
    assert drawn(page["cover_url"]).size == (1200, 400)


def test_the_same_person_has_the_same_one_and_neighbours_another_colour(db: None) -> None:
    first, second = UserFactory(display_name="Ann Lee"), UserFactory(display_name="Ann Lee")
    urls = [drawn_url("picture", user.pk, user.shown_name) for user in (first, first, second)]
    assert urls[0] == urls[1]
    assert urls[0] != urls[2]
    corners = [drawn(url).convert("RGB").getpixel((5, 5)) for url in urls]
    assert corners[0] == corners[1] != corners[2]


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ann Lee", "AL"),
        ("ann", "A"),
        ("Émile François Zola", "EZ"),
        ("jean-luc_picard", "JP"),
        ("4 seasons", "4S"),
        ("李小龍", ""),
        ("🍲 Soup", "S"),
        ("../..", ""),
        ("<b>", "B"),
        ("ﬁsh", "F"),
        ("", ""),
    ],
)
def test_every_name_has_initials_or_a_silhouette(name: str, initials: str) -> None:
    assert initials_of(name) == initials
    assert drawn(drawn_url("picture", 7, name)).size == (400, 400)


@pytest.mark.parametrize(
    "address",
    ["picture/99.png", "picture/7-ABC.png", "picture/7-a.png", "picture/7-.png", "picture/x.png", "cover/7-A.png",
     "other/7.png", "picture/7-%C3%89.png", "picture/-1.png", "picture/٣.png"],
)  # fmt: skip
def test_any_other_address_is_404(db: None, address: str) -> None:
    answer = Client().get(f"/api/default-pictures/{address}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
