"""What two people with a block between them see of each other's recipes and ratings: nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime.channels import namespace_of
from tests.recipes.conftest import Person, events
from tests.recipes.conftest import recipe as stored


@pytest.fixture(params=["the seller blocks", "the customer blocks"])
def apart(request: pytest.FixtureRequest, seller: Person, customer: Person) -> None:
    """A block between Sally, a seller, and Carl, a customer, made by either, and a recipe of hers."""
    blocker, blocked = (seller, customer) if request.param == "the seller blocks" else (customer, seller)
    seller.create(name="hers", tags=["soup"])
    assert blocker.put(f"/api/users/{blocked.user.username}/block/").status_code == 200


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [recipe["name"] for recipe in response.json()["results"]]


def the_recipe(seller: Person) -> int:
    recipe_id: int = seller.get("/api/recipes/").json()["results"][0]["id"]
    return recipe_id


@pytest.mark.parametrize("query", ["", "?order=top", "?seller=sally", "?tag=soup", "?max_minutes=100&min_rating=1"])
def test_no_list_shows_a_recipe_to_the_other(
    apart: None, seller: Person, customer: Person, other_seller: Person, anonymous: Person, query: str
) -> None:
    anonymous_sees = names(anonymous.get(f"/api/recipes/{query}"))
    assert anonymous_sees == ([] if "min_rating" in query else ["hers"])
    assert names(other_seller.get(f"/api/recipes/{query}")) == anonymous_sees
    assert names(customer.get(f"/api/recipes/{query}")) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "", None),
        ("patch", "", {"name": "x"}),
        ("delete", "", None),
        ("post", "rate/", {"score": 1}),
        ("delete", "rate/", None),
        ("get", "ratings/", None),
    ],
)
def test_a_recipe_of_the_other_is_404(
    apart: None, seller: Person, customer: Person, method: str, path: str, body: Any
) -> None:
    recipe_id = the_recipe(seller)
    response = getattr(customer, method)(f"/api/recipes/{recipe_id}/{path}", *([body] if body else []))
    assert response.status_code == 404
    assert stored(recipe_id).rating_count == 0
    assert events(f"recipe:{recipe_id}") == []


def test_neither_reads_the_channel_of_the_others_recipe(
    apart: None, seller: Person, customer: Person, other_seller: Person
) -> None:
    found = namespace_of(f"recipe:{the_recipe(seller)}")
    assert found is not None
    namespace, key = found
    with CaptureQueriesContext(connection) as queries:
        allowed = namespace.authorize(key, [None, seller.user.pk, customer.user.pk, other_seller.user.pk])
    assert allowed == {None, seller.user.pk, other_seller.user.pk}
    assert len(queries) == 2


@pytest.mark.parametrize("verb", ["block", "mute"])
def test_the_rating_of_a_blocked_or_muted_person_is_counted_and_not_listed(
    seller: Person, customer: Person, person: Any, verb: str
) -> None:
    recipe_id = seller.create()["id"]
    cora = person("cora")
    customer.rate(recipe_id, 2, review="Bad.")
    cora.rate(recipe_id, 4)
    cora.put(f"/api/users/carl/{verb}/")

    def raters(viewer: Person) -> list[str]:
        ratings = viewer.get(f"/api/recipes/{recipe_id}/ratings/").json()["results"]
        return [rating["user"]["username"] for rating in ratings]

    assert raters(cora) == ["cora"]
    assert raters(customer) == (["carl"] if verb == "block" else ["cora", "carl"])
    assert raters(seller) == ["cora", "carl"]
    assert cora.get(f"/api/recipes/{recipe_id}/").json()["rating_count"] == 2


def test_the_recipes_of_a_muted_person_are_in_their_own_lists_alone(seller: Person, customer: Person) -> None:
    recipe_id = seller.create(name="hers")["id"]
    customer.put("/api/users/sally/mute/")
    for path in ("/api/recipes/", "/api/recipes/?order=top", "/api/recipes/?tag=eggs"):
        assert names(customer.get(path)) == []
    for path in ("/api/recipes/?seller=sally", f"/api/recipes/?seller={seller.user.pk}", "/api/users/sally/recipes/"):
        assert names(customer.get(path)) == ["hers"]
    assert customer.get(f"/api/recipes/{recipe_id}/").status_code == 200
    assert names(seller.get("/api/recipes/")) == ["hers"]
