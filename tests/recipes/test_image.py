"""The picture of a recipe: pending at first, then ready, and its readers hear of it."""

import base64
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.jobs import run_jobs
from tests.recipes.conftest import SHAKSHUKA, Person, events
from tests.recipes.test_publish import picture


def test_a_picture_becomes_ready_and_the_recipe_says_so(seller: Person, anonymous: Person) -> None:
    recipe = seller.create(image=base64.b64encode(picture((1600, 1200))).decode())
    path = f"/api/recipes/{recipe['id']}/"
    before = anonymous.get(path)
    assert before.json()["image"]["status"] == "pending"
    run_jobs()
    after = anonymous.get(path)
    image = after.json()["image"]
    assert (image["status"], image["width"], image["height"]) == ("ready", 800, 600)
    assert anonymous.get("/api/recipes/").json()["results"][0]["image"] == image
    [event] = events(f"recipe:{recipe['id']}")
    assert (event["type"], event["actor"], event["image"]) == ("recipe.updated", None, image)
    # No edit of the author's: an edit with the tag from before is still welcome.
    assert event["version"] == recipe["version"] == after.json()["version"]
    assert after["ETag"] != before["ETag"]
    [ready] = [event for event in events(f"inbox:{seller.user.pk}") if event["type"] == "media.ready"]
    assert ready["id"] == image["id"]


def test_every_recipe_that_shows_the_picture_says_so(seller: Person) -> None:
    first = seller.create(image=base64.b64encode(picture((60, 40))).decode())
    second = seller.create(image_id=first["image"]["id"])
    third = seller.create()
    run_jobs()
    heard = [[event["type"] for event in events(f"recipe:{recipe['id']}")] for recipe in (first, second, third)]
    assert heard == [["recipe.updated"], ["recipe.updated"], []]


@pytest.mark.parametrize("role", ["seller", "customer"])
def test_people_beside_recipes_and_ratings_show_their_small_picture(
    seller: Person, customer: Person, role: str
) -> None:
    who = {"seller": seller, "customer": customer}[role]
    file = SimpleUploadedFile("me.jpg", picture((500, 500)), "image/jpeg")
    assert who.generic(
        "PUT",
        "/api/me/picture/",
        b'{"picture": "%s"}' % base64.b64encode(file.read()),
        content_type="application/json",
    ).status_code in (200, 202)
    run_jobs()
    recipe_id = seller.create()["id"]
    shown = customer.rate(recipe_id, 5).json()["user"]
    [listed] = customer.get(f"/api/recipes/{recipe_id}/ratings/").json()["results"]
    assert listed["user"] == shown
    recipe = customer.get(f"/api/recipes/{recipe_id}/").json()
    url = {"seller": recipe["seller"], "customer": shown}[role]["picture"]
    assert url.startswith("/media/renditions/")
    published = events("recipes")[-1]["actor"]
    assert published["picture"] == recipe["seller"]["picture"]


def test_a_recipe_whose_picture_could_not_be_used_stays(seller: Person) -> None:
    whole = picture((300, 200))
    broken = whole[: len(whole) // 2]
    created = seller.post("/api/recipes/", {**SHAKSHUKA, "image": base64.b64encode(broken).decode()})
    assert created.status_code == 201
    run_jobs()
    assert seller.get(created["Location"]).json()["image"]["status"] == "failed"


def test_a_picture_within_a_recipe_counts_as_an_upload(seller: Person, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "upload": "2/hour"}
    file = SimpleUploadedFile("toast.png", picture((60, 40)))
    text = base64.b64encode(picture((60, 40))).decode()
    assert seller.form("/api/recipes/", {"name": "Toast", "image": file}).status_code == 201
    recipe = seller.create(image=text)
    refused = seller.patch(f"/api/recipes/{recipe['id']}/", {"image": text})
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert seller.patch(f"/api/recipes/{recipe['id']}/", {"name": "Without", "image": None}).status_code == 200
    assert seller.delete(f"/api/recipes/{recipe['id']}/").status_code == 204
