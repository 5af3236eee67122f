"""Changing and deleting recipes."""

import base64
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.models import Media
from recipes.models import Ingredient, Recipe, RecipeTag, Step, Tag
from tests.recipes.conftest import SHAKSHUKA, Person, events
from tests.recipes.test_publish import picture

PICTURE = base64.b64encode(picture((60, 40))).decode()


def path_of(recipe: dict[str, Any]) -> str:
    return f"/api/recipes/{recipe['id']}/"


def test_the_author_changes_a_recipe(seller: Person) -> None:
    recipe = seller.create()
    response = seller.patch(path_of(recipe), {"name": "Green shakshuka", "servings": None, "tags": ["green"]})
    assert response.status_code == 200
    changed = response.json()
    assert changed["updated_at"] > recipe["updated_at"]
    assert changed == {
        **recipe,
        "name": "Green shakshuka",
        "servings": None,
        "tags": ["green"],
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert seller.get(path_of(recipe)).json() == changed
    [event] = events(f"recipe:{recipe['id']}")
    assert (event["type"], event["name"], event["version"]) == ("recipe.updated", "Green shakshuka", 2)
    assert RecipeTag.objects.count() == 1


def test_a_list_that_is_given_replaces_the_old_one(seller: Person) -> None:
    recipe = seller.create()
    changed = seller.patch(path_of(recipe), {"ingredients": ["6 eggs"], "steps": ["Fry."]}).json()
    assert [line["raw"] for line in changed["ingredients"]] == ["6 eggs"]
    assert [step["text"] for step in changed["steps"]] == ["Fry."]
    assert (Ingredient.objects.count(), Step.objects.count()) == (1, 1)


@pytest.mark.parametrize("what", ["the same words", "what was read", "nothing"])
def test_an_edit_that_changes_nothing_is_not_heard(seller: Person, what: str) -> None:
    recipe = seller.create()
    read = {key: value for key, value in recipe.items() if key != "image"}
    changes = {"the same words": SHAKSHUKA, "what was read": read, "nothing": {}}[what]
    response = seller.patch(path_of(recipe), {**changes, "image_id": None})
    assert (response.status_code, response.json()) == (200, recipe)
    assert events(f"recipe:{recipe['id']}") == []


def test_others_cannot_change_a_recipe(
    seller: Person, other_seller: Person, customer: Person, moderator: Person, anonymous: Person
) -> None:
    recipe = seller.create()
    for person in (other_seller, customer, moderator):
        response = person.patch(path_of(recipe), {"name": 5})
        assert (response.status_code, response.json()["code"]) == (403, "not_author")
    assert anonymous.patch(path_of(recipe), {"name": "Mine"}).status_code == 401
    assert seller.get(path_of(recipe)).json() == recipe


def test_others_cannot_delete_a_recipe(
    seller: Person, other_seller: Person, customer: Person, anonymous: Person
) -> None:
    recipe = seller.create()
    for person in (other_seller, customer):
        assert person.delete(path_of(recipe)).status_code == 403
    assert anonymous.delete(path_of(recipe)).status_code == 401
    assert Recipe.objects.count() == 1


def test_bad_changes_change_nothing(seller: Person) -> None:
    recipe = seller.create()
    assert seller.patch(path_of(recipe), {"name": "Fine", "servings": 0}).status_code == 400
    assert seller.patch(path_of(recipe), {"name": "Fine", "image": "%"}).status_code == 400
    assert seller.get(path_of(recipe)).json() == recipe


def test_the_author_deletes_a_recipe_with_all_that_belongs_to_it(seller: Person, customer: Person) -> None:
    recipe = seller.create()
    customer.rate(recipe["id"], 5)
    assert seller.delete(path_of(recipe)).status_code == 204
    assert seller.get(path_of(recipe)).status_code == 404
    assert seller.delete(path_of(recipe)).status_code == 404
    event = events(f"recipe:{recipe['id']}")[-1]
    assert (event["type"], event["recipe_id"]) == ("recipe.deleted", recipe["id"])
    assert event["actor"]["username"] == "sally"
    assert not Ingredient.objects.exists()
    # Other recipes use them.
    assert Tag.objects.count() == 2


def test_a_moderator_deletes_a_recipe_without_being_named(seller: Person, moderator: Person) -> None:
    recipe = seller.create()
    assert moderator.delete(path_of(recipe)).status_code == 204
    event = events(f"recipe:{recipe['id']}")[-1]
    assert (event["type"], event["actor"]) == ("recipe.deleted", None)


def test_an_edit_of_an_old_version_is_refused(seller: Person) -> None:
    recipe = seller.create()
    old = seller.get(path_of(recipe))["ETag"]
    new = seller.patch(path_of(recipe), {"name": "Second"}, headers={"If-Match": old})
    assert new.status_code == 200
    refused = seller.patch(path_of(recipe), {"name": "Third"}, headers={"If-Match": old})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert seller.delete(path_of(recipe), headers={"If-Match": old}).status_code == 412
    assert seller.delete(path_of(recipe), headers={"If-Match": f'"x", W/{new["ETag"]}'}).status_code == 204


@pytest.mark.parametrize("tag", ['"nonsense"', '"99999999999999999999.x"', "", '"-1.x"'])
def test_an_if_match_that_names_no_version_is_refused(seller: Person, tag: str) -> None:
    recipe = seller.create()
    assert seller.patch(path_of(recipe), {"name": "Other"}, headers={"If-Match": tag}).status_code == 412


def test_any_version_matches_a_star(seller: Person) -> None:
    recipe = seller.create()
    assert seller.patch(path_of(recipe), {"name": "Other"}, headers={"If-Match": "*"}).status_code == 200


def test_a_rating_in_between_does_not_refuse_an_edit(seller: Person, customer: Person) -> None:
    recipe = seller.create()
    tag = seller.get(path_of(recipe))["ETag"]
    customer.rate(recipe["id"], 5)
    assert seller.get(path_of(recipe))["ETag"] != tag
    assert seller.patch(path_of(recipe), {"name": "Other"}, headers={"If-Match": tag}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_new_picture_takes_the_place_of_the_old_one_which_is_deleted(seller: Person, settings: Any) -> None:
    recipe = seller.create(image=PICTURE)
    originals = [file for file in Path(settings.PRIVATE_MEDIA_ROOT).rglob("*") if file.is_file()]
    changed = seller.patch(path_of(recipe), {"image": PICTURE}).json()
    assert changed["version"] == 2
    assert changed["image"]["id"] != recipe["image"]["id"]
    assert str(Media.objects.get().id) == changed["image"]["id"]
    assert not originals[0].exists()
    assert seller.patch(path_of(recipe), {"image": None}).json()["image"] is None
    assert not Media.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_picture_goes_with_its_recipe_unless_another_shows_it(seller: Person) -> None:
    first = seller.create(image=PICTURE)
    second = seller.create(image_id=first["image"]["id"])
    assert seller.patch(path_of(second), {"image_id": first["image"]["id"]}).json()["version"] == 1
    seller.delete(path_of(first))
    assert Media.objects.count() == 1
    seller.delete(path_of(second))
    assert not Media.objects.exists()
