"""A recipe for another number of people."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from recipes.quantities import scaled
from tests.recipes.conftest import SHAKSHUKA, Person

UNREAD = (None, None, "")


@pytest.fixture
def recipe(seller: Person) -> Any:
    lines = ["1 1/2 cups tomatoes, chopped", "1/3 cup oil", "2-3 eggs", "250 g bread", "Salt to taste"]
    return seller.post("/api/recipes/", {**SHAKSHUKA, "servings": 2, "ingredients": lines}).json()


def amounts(answer: Any) -> list[tuple[float | None, float | None, str]]:
    return [(line["quantity"], line["quantity_max"], line["display"]) for line in answer.json()["ingredients"]]


@pytest.mark.parametrize(
    ("servings", "wanted"),
    [
        (1, [(0.75, None, "3/4 cup"), (0.1667, None, "1/6 cup"), (1, 1.5, "1-1 1/2"), (125, None, "125 g"), UNREAD]),
        (2, [(1.5, None, "1 1/2 cups"), (0.3333, None, "1/3 cup"), (2, 3, "2-3"), (250, None, "250 g"), UNREAD]),
        (6, [(4.5, None, "4 1/2 cups"), (1, None, "1 cup"), (6, 9, "6-9"), (750, None, "750 g"), UNREAD]),
        (
            1000,
            [
                *[(750, None, "750 cups"), (166.6667, None, "166 2/3 cups"), (1000, 1500, "1000-1500")],
                *[(125_000, None, "125000 g"), UNREAD],
            ],
        ),
    ],
)
def test_its_quantities_are_for_so_many(recipe: Any, anonymous: Person, servings: int, wanted: Any) -> None:
    answer = anonymous.get(f"/api/recipes/{recipe['id']}/?servings={servings}")
    assert answer.json()["servings"] == servings
    assert amounts(answer) == wanted


def test_what_people_wrote_and_all_else_stays(recipe: Any, anonymous: Person) -> None:
    scaled_recipe = anonymous.get(f"/api/recipes/{recipe['id']}/?servings=4").json()
    changed = {"quantity", "quantity_max", "display"}
    for before, after in zip(recipe["ingredients"], scaled_recipe["ingredients"], strict=True):
        assert {name: after[name] for name in after.keys() - changed} == {
            name: before[name] for name in before.keys() - changed
        }
    assert {**scaled_recipe, "servings": 2, "ingredients": recipe["ingredients"]} == recipe


def test_it_has_an_etag_of_its_own_and_the_same_version(recipe: Any, anonymous: Person) -> None:
    address = f"/api/recipes/{recipe['id']}/"
    whole, double = anonymous.get(address), anonymous.get(f"{address}?servings=4")
    assert whole["ETag"] != double["ETag"]
    assert whole["ETag"].partition(".")[0] == double["ETag"].partition(".")[0]
    assert anonymous.get(f"{address}?servings=4", headers={"If-None-Match": double["ETag"]}).status_code == 304


@pytest.mark.parametrize("servings", ["0", "-1", "1001", "2.5", "two", "", "9" * 5000, "٣"])
def test_a_number_that_means_nothing_is_refused(recipe: Any, anonymous: Person, servings: str) -> None:
    answer = anonymous.get(f"/api/recipes/{recipe['id']}/?servings={servings}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["servings"])


def test_a_recipe_that_does_not_say_for_how_many_it_is_cannot_be_scaled(seller: Person, anonymous: Person) -> None:
    recipe = seller.post("/api/recipes/", {**SHAKSHUKA, "servings": None}).json()
    answer = anonymous.get(f"/api/recipes/{recipe['id']}/?servings=2")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_servings")
    assert anonymous.get("/api/recipes/999999/?servings=2").status_code == 404


@pytest.mark.parametrize(
    ("quantity", "factor", "wanted"),
    [
        ("0.3333", Fraction(3), "1"),
        ("0.1667", Fraction(6), "1"),
        ("0.0833", Fraction(12), "1"),
        ("0.5556", Fraction(9), "5"),
        ("0.6666", Fraction(1), "0.6666"),
        ("0.142", Fraction(7), "0.994"),
        ("2.125", Fraction(2), "4.25"),
        ("99999999", Fraction(1000), "99999999000"),
        ("0.0001", Fraction(1, 3), "0"),
        ("0", Fraction(5), "0"),
    ],
)
def test_thirds_that_were_rounded_are_thirds(quantity: str, factor: Fraction, wanted: str) -> None:
    assert scaled(Decimal(quantity), factor) == Decimal(wanted)
