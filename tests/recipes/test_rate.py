"""Rating a recipe: once a person, changeable, removable."""

from collections.abc import Callable
from typing import Any

import pytest

from media_pipeline.drawn import drawn_url
from recipes.models import Rating
from tests.factories import PASSWORD
from tests.recipes.conftest import Person, events
from tests.recipes.conftest import recipe as stored


def test_a_rating_moves_the_recipes_average_and_is_heard(seller: Person, customer: Person, anonymous: Person) -> None:
    recipe_id = seller.create()["id"]
    response = customer.rate(recipe_id, 4, review="Good.")
    assert response.status_code == 201
    rating = response.json()
    assert (rating["score"], rating["review"], rating["recipe_id"]) == (4, "Good.", recipe_id)
    assert (rating["avg_rating"], rating["rating_count"]) == (4.0, 1)
    assert rating["user"]["username"] == "carl"
    assert "email" not in rating["user"]
    recipe = anonymous.get(f"/api/recipes/{recipe_id}/").json()
    assert (recipe["avg_rating"], recipe["rating_count"], recipe["my_rating"]) == (4.0, 1, None)
    assert customer.get(f"/api/recipes/{recipe_id}/").json()["my_rating"] == 4
    [event] = events(f"recipe:{recipe_id}")
    assert event == {
        "type": "rating.created",
        "at": event["at"],
        "actor": {
            "id": customer.user.pk,
            "username": "carl",
            "display_name": "carl",
            "picture": drawn_url("picture", customer.user.pk, "carl"),
        },
        "recipe_id": recipe_id,
        "rating_id": rating["id"],
        "score": 4,
        "review": "Good.",
        "avg_rating": 4.0,
        "rating_count": 1,
    }


def test_a_second_rating_changes_the_first(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    first = customer.rate(recipe_id, 2).json()
    response = customer.rate(recipe_id, 5, review="I was wrong.")
    assert response.status_code == 200
    second = response.json()
    assert (second["id"], second["created_at"]) == (first["id"], first["created_at"])
    assert second["updated_at"] > first["updated_at"]
    assert (second["avg_rating"], second["rating_count"]) == (5.0, 1)
    assert [event["type"] for event in events(f"recipe:{recipe_id}")] == ["rating.created", "rating.updated"]
    assert (stored(recipe_id).rating_sum, stored(recipe_id).rating_count) == (5, 1)


def test_the_same_rating_again_changes_nothing_and_is_not_heard(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    first = customer.rate(recipe_id, 3, review="So so.")
    again = customer.rate(recipe_id, 3, review="So so.")
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(events(f"recipe:{recipe_id}")) == 1


def test_another_review_alone_is_a_change(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    customer.rate(recipe_id, 3, review="So so.")
    assert customer.rate(recipe_id, 3).json()["review"] == ""
    assert events(f"recipe:{recipe_id}")[-1]["type"] == "rating.updated"
    assert (stored(recipe_id).rating_sum, stored(recipe_id).rating_count) == (3, 1)


def test_a_rating_is_taken_back(seller: Person, customer: Person, person: Callable[..., Person]) -> None:
    recipe_id = seller.create()["id"]
    customer.rate(recipe_id, 1, review="Bad.")
    person("cara").rate(recipe_id, 4)
    assert customer.delete(f"/api/recipes/{recipe_id}/rate/").status_code == 204
    event = events(f"recipe:{recipe_id}")[-1]
    assert (event["type"], event["score"], event["avg_rating"], event["rating_count"]) == ("rating.deleted", 1, 4.0, 1)
    assert (stored(recipe_id).rating_sum, stored(recipe_id).rating_count) == (4, 1)
    assert customer.get(f"/api/recipes/{recipe_id}/").json()["my_rating"] is None


def test_taking_back_the_only_rating_leaves_no_average(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    customer.rate(recipe_id, 5)
    customer.delete(f"/api/recipes/{recipe_id}/rate/")
    event = events(f"recipe:{recipe_id}")[-1]
    assert (event["avg_rating"], event["rating_count"]) == (None, 0)


def test_taking_back_what_is_not_there_is_not_heard(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    assert customer.delete(f"/api/recipes/{recipe_id}/rate/").status_code == 204
    assert events(f"recipe:{recipe_id}") == []


def test_averages_are_rounded_half_up_to_two_decimals(seller: Person, person: Callable[..., Person]) -> None:
    recipe_id = seller.create()["id"]
    averages = [
        person(f"c{n}").rate(recipe_id, score).json()["avg_rating"] for n, score in enumerate([4, 5, 5, 4, 4, 4, 4, 3])
    ]
    # 33 / 8 = 4.125
    assert averages == [4.0, 4.5, 4.67, 4.5, 4.4, 4.33, 4.29, 4.13]


@pytest.mark.parametrize("score", [0, 6, -1, 4.5, 4.0, None, "4", True, [4], {}, 10**30], ids=repr)
def test_a_score_is_a_whole_number_from_1_to_5(seller: Person, customer: Person, score: Any) -> None:
    recipe_id = seller.create()["id"]
    response = customer.rate(recipe_id, score)
    assert response.status_code == 400
    assert "score" in response.json()["errors"]
    assert not Rating.objects.exists()


def test_a_rating_needs_a_score(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    response = customer.post(f"/api/recipes/{recipe_id}/rate/", {"review": "x" * 2001})
    assert set(response.json()["errors"]) == {"score", "review"}


def test_nobody_rates_their_own_recipe(seller: Person) -> None:
    response = seller.rate(seller.create()["id"], 5)
    assert (response.status_code, response.json()["code"]) == (403, "own_recipe")


def test_sellers_do_not_rate(seller: Person, other_seller: Person) -> None:
    response = other_seller.rate(seller.create()["id"], 5)
    assert (response.status_code, response.json()["code"]) == (403, "customers_only")
    assert not Rating.objects.exists()


def test_rating_needs_signing_in(seller: Person, anonymous: Person) -> None:
    assert anonymous.rate(seller.create()["id"], 5).status_code == 401


def test_a_recipe_that_is_not_there_cannot_be_rated(customer: Person) -> None:
    assert customer.rate(1, 5).status_code == 404
    assert customer.delete("/api/recipes/1/rate/").status_code == 404


def test_the_ratings_of_a_recipe_are_listed_newest_first(
    seller: Person, anonymous: Person, person: Callable[..., Person]
) -> None:
    recipe_id = seller.create()["id"]
    for number in range(5):
        person(f"c{number}").rate(recipe_id, number + 1, review=f"No. {number}")
    other = seller.create()["id"]
    person("c9").rate(other, 1)
    first = anonymous.get(f"/api/recipes/{recipe_id}/ratings/?limit=3")
    assert first["Stream-Position"].startswith(f"recipe:{recipe_id};")
    assert [rating["score"] for rating in first.json()["results"]] == [5, 4, 3]
    user = first.json()["results"][0]["user"]
    picture = drawn_url("picture", user["id"], "c4")
    assert user == {**user, "username": "c4", "role": "customer", "picture": picture}
    second = anonymous.get(first.json()["next"])
    assert [rating["score"] for rating in second.json()["results"]] == [2, 1]
    assert second.json()["next"] is None


def test_the_ratings_of_a_closed_account_are_hidden_and_still_count(
    seller: Person, customer: Person, anonymous: Person
) -> None:
    recipe_id = seller.create()["id"]
    customer.rate(recipe_id, 5)
    customer.delete("/api/me/", {"password": PASSWORD})
    assert anonymous.get(f"/api/recipes/{recipe_id}/ratings/").json()["results"] == []
    assert anonymous.get(f"/api/recipes/{recipe_id}/").json()["rating_count"] == 1
