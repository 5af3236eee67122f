"""The admin of recipes: everything can be looked at, and what is removed is counted and heard."""

import pytest
from django.test import Client

from accounts.models import Profile
from recipes.models import Rating, Recipe
from tests.factories import UserFactory
from tests.recipes.conftest import Person, events, recipe


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", ["recipe", "rating", "tag"])
def test_each_list_can_be_opened_searched_and_looked_into(
    admin: Client, seller: Person, customer: Person, model: str
) -> None:
    recipe_id = seller.create()["id"]
    customer.rate(recipe_id, 4)
    page = admin.get(f"/admin/recipes/{model}/?q=eggs")
    assert page.status_code == 200
    assert admin.get(f"/admin/recipes/{model}/").status_code == 200
    assert admin.get(f"/admin/recipes/{model}/add/").status_code == 403
    first = {"recipe": Recipe, "rating": Rating}.get(model)
    if first is not None:
        assert admin.get(f"/admin/recipes/{model}/{first.objects.get().pk}/change/").status_code == 200


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_recipe_removed_in_the_admin_is_counted_and_heard(admin: Client, seller: Person, one_by_one: bool) -> None:
    recipe_id = seller.create()["id"]
    if one_by_one:
        answer = admin.post(f"/admin/recipes/recipe/{recipe_id}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": recipe_id, "post": "yes"}
        answer = admin.post("/admin/recipes/recipe/", data)
    assert answer.status_code == 302
    assert not Recipe.objects.exists()
    assert Profile.objects.get(user=seller.user).recipe_count == 0
    assert events(f"recipe:{recipe_id}")[-1]["type"] == "recipe.deleted"


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_rating_removed_in_the_admin_leaves_exact_aggregates(
    admin: Client, seller: Person, customer: Person, one_by_one: bool
) -> None:
    recipe_id = seller.create()["id"]
    rating_id = customer.rate(recipe_id, 4).json()["id"]
    if one_by_one:
        answer = admin.post(f"/admin/recipes/rating/{rating_id}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": rating_id, "post": "yes"}
        answer = admin.post("/admin/recipes/rating/", data)
    assert answer.status_code == 302
    assert (recipe(recipe_id).rating_sum, recipe(recipe_id).rating_count) == (0, 0)
    assert events(f"recipe:{recipe_id}")[-1]["type"] == "rating.deleted"


def test_nothing_is_edited_in_the_admin(admin: Client, seller: Person) -> None:
    recipe_id = seller.create()["id"]
    assert admin.post(f"/admin/recipes/recipe/{recipe_id}/change/", {"name": "Other"}).status_code == 403
    assert recipe(recipe_id).name == "Shakshuka"
