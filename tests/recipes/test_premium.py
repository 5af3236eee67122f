"""Premium recipes: name, image and tags for everyone, the rest for those who have the right."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from realtime.models import StreamEvent
from recipes.models import Recipe
from tests.jobs import run_jobs
from tests.recipes.conftest import SHAKSHUKA, Person, events
from tests.recipes.test_publish import picture

BODY = ("Eggs in a spiced", "tomatoes", "Add the eggs")


@pytest.fixture
def premium_recipe(seller: Person) -> dict[str, Any]:
    """Of Sally's, with the answer that she got."""
    return seller.create(visibility="premium")


@pytest.fixture
def premium_customer(person: Callable[..., Person]) -> Person:
    return person("pia", premium_until=timezone.now() + timedelta(days=1))


def test_who_lacks_premium_sees_name_and_tags_and_nothing_of_the_body(
    premium_recipe: dict[str, Any], customer: Person, anonymous: Person, other_seller: Person
) -> None:
    for viewer in (customer, anonymous, other_seller):
        response = viewer.get(f"/api/recipes/{premium_recipe['id']}/")
        recipe = response.json()
        assert (recipe["visibility"], recipe["locked"]) == ("premium", True)
        assert (recipe["name"], recipe["tags"]) == ("Shakshuka", ["breakfast", "eggs"])
        assert (recipe["description"], recipe["ingredients"], recipe["steps"]) == ("", [], [])
        assert set(recipe) == set(premium_recipe)
        listed = viewer.get("/api/recipes/")
        assert [(found["locked"], found["description"]) for found in listed.json()["results"]] == [(True, "")]
        for text in BODY:
            assert text not in response.text and text not in listed.text


def test_the_picture_of_a_locked_recipe_is_shown(seller: Person, anonymous: Person) -> None:
    recipe = seller.create(visibility="premium", image=base64.b64encode(picture()).decode())
    locked = anonymous.get(f"/api/recipes/{recipe['id']}/").json()
    assert locked["locked"]
    assert locked["image"] == recipe["image"]
    assert recipe["image"]["status"] == "pending"


def test_author_staff_and_premium_users_see_all_of_it(
    premium_recipe: dict[str, Any],
    seller: Person,
    moderator: Person,
    premium_customer: Person,
    person: Callable[..., Person],
) -> None:
    assert premium_recipe["locked"] is False
    for viewer in (seller, moderator, premium_customer, person("ada", staff_role="admin")):
        recipe = viewer.get(f"/api/recipes/{premium_recipe['id']}/").json()
        assert recipe["locked"] is False
        assert recipe["description"] == SHAKSHUKA["description"]
        assert (len(recipe["ingredients"]), len(recipe["steps"])) == (2, 2)
        [listed] = viewer.get("/api/recipes/").json()["results"]
        assert (listed["locked"], listed["description"]) == (False, SHAKSHUKA["description"])


def test_premium_that_is_over_locks_again(premium_recipe: dict[str, Any], premium_customer: Person) -> None:
    path = f"/api/recipes/{premium_recipe['id']}/"
    tag = premium_customer.get(path)["ETag"]
    User.objects.filter(pk=premium_customer.user.pk).update(premium_until=timezone.now() - timedelta(seconds=1))
    after = premium_customer.get(path, headers={"If-None-Match": tag})
    assert (after.status_code, after.json()["locked"]) == (200, True)


def test_a_public_recipe_is_locked_for_nobody(seller: Person, anonymous: Person) -> None:
    recipe = seller.create()
    assert (recipe["visibility"], recipe["locked"]) == ("public", False)
    assert anonymous.get(f"/api/recipes/{recipe['id']}/").json()["locked"] is False


def test_its_author_makes_a_recipe_premium_and_public_again(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    path = f"/api/recipes/{recipe_id}/"
    assert seller.patch(path, {"visibility": "premium"}).json()["version"] == 2
    assert customer.get(path).json()["locked"] is True
    assert seller.patch(path, {"visibility": "premium"}).json()["version"] == 2
    assert seller.patch(path, {"visibility": "public"}).json()["version"] == 3
    assert customer.get(path).json()["locked"] is False
    assert [event["type"] for event in events(f"recipe:{recipe_id}")] == ["recipe.updated"] * 2


@pytest.mark.parametrize("visibility", ["followers", "", None, 1, ["premium"], "PREMIUM"], ids=repr)
def test_no_other_visibility_is_taken(seller: Person, visibility: Any) -> None:
    response = seller.post("/api/recipes/", {**SHAKSHUKA, "visibility": visibility})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["visibility"])
    assert not Recipe.objects.exists()


def test_a_form_says_premium_too(seller: Person) -> None:
    response = seller.form("/api/recipes/", {"name": "Soup", "visibility": "premium"})
    assert (response.status_code, response.json()["visibility"]) == (201, "premium")


def test_what_a_recipe_said_before_it_was_premium_goes_from_the_events_that_are_kept(seller: Person) -> None:
    recipe_id, other_id = seller.create()["id"], seller.create()["id"]
    channels = ("recipes", f"user:{seller.user.pk}", f"recipe:{recipe_id}")
    path = f"/api/recipes/{recipe_id}/"
    seller.patch(path, {"description": f"{SHAKSHUKA['description']} Now greener."})
    seller.patch(path, {"visibility": "premium"})
    assert "recipes.blank_description" in run_jobs()
    told = [event for channel in channels for event in events(channel) if event["type"].startswith("recipe.")]
    for event in [event for event in told if event["recipe_id"] == recipe_id]:
        assert (event["description"], event["locked"], event["name"]) == ("", True, "Shakshuka")
    [other] = [event for event in events("recipes") if event["recipe_id"] == other_id]
    assert (other["description"], other["locked"]) == (SHAKSHUKA["description"], False)

    seller.patch(path, {"visibility": "premium", "name": "Soup"})
    seller.patch(path, {"visibility": "public"})
    last = events(f"recipe:{recipe_id}")[-1]
    assert (last["description"], last["locked"]) == (f"{SHAKSHUKA['description']} Now greener.", False)


def test_a_recipe_that_is_public_again_keeps_what_was_told_of_it(seller: Person) -> None:
    path = f"/api/recipes/{seller.create()['id']}/"
    for visibility in ("premium", "public"):
        seller.patch(path, {"visibility": visibility})
    run_jobs()
    assert [event["description"] for event in events("recipes")] == [SHAKSHUKA["description"]]


def test_no_event_carries_the_body(premium_recipe: dict[str, Any], seller: Person) -> None:
    seller.patch(f"/api/recipes/{premium_recipe['id']}/", {"name": "Green shakshuka"})
    recorded = " ".join(str(data) for data in StreamEvent.objects.values_list("data", flat=True))
    assert "Green shakshuka" in recorded
    for text in BODY:
        assert text not in recorded


def test_whoever_sees_it_locked_may_rate_it(premium_recipe: dict[str, Any], customer: Person) -> None:
    assert customer.rate(premium_recipe["id"], 4).status_code == 201


def test_a_locked_recipe_costs_no_more_than_an_open_one(premium_recipe: dict[str, Any], customer: Person) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert customer.get(f"/api/recipes/{premium_recipe['id']}/").json()["locked"]
    assert len(queries) == 3
