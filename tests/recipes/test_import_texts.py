"""Numbers of JSON and hidden characters in what is imported."""

from typing import Any

import pytest

from tests.recipes.conftest import Person
from tests.recipes.test_import_shapes import of


@pytest.mark.parametrize(
    ("amount", "read"),
    [
        ({"requiredQuantity": {"value": 113.398, "unitText": "g"}}, (113.398, None, "g")),
        ({"requiredQuantity": {"value": 1.125, "unitText": "grams"}}, (1.125, None, "g")),
        ({"requiredQuantity": {"value": 2.0, "unitText": "cups"}}, (2, None, "cup")),
        ({"requiredQuantity": {"value": 0.3333, "unitText": "cup"}}, (0.3333, None, "cup")),
        ({"requiredQuantity": {"value": 1000, "unitText": "g"}}, (1000, None, "g")),
        ({"requiredQuantity": {"minValue": 1.125, "maxValue": 2.125, "unitText": "g"}}, (1.125, 2.125, "g")),
        ({"requiredQuantity": {"minValue": "1", "maxValue": 1.125, "unitText": "g"}}, (1, 1.125, "g")),
        ({"@type": "PropertyValue", "value": 113.398, "unitText": "g"}, (113.398, None, "g")),
        ({"minValue": 1.125, "maxValue": 2, "unitText": "ml"}, (1.125, 2, "ml")),
        ({"amount": 1.125}, (1.125, None, "")),
        ({"value": 0.00001, "unitText": "g"}, (None, None, "")),
        ({"value": -1.125, "unitText": "g"}, (None, None, "")),
    ],
)
def test_a_number_of_json_is_the_same_number_in_the_recipe(
    seller: Person, amount: Any, read: tuple[float | None, float | None, str]
) -> None:
    (line,) = of(seller, recipeIngredient=[{"name": "flour", **amount}])["recipe"]["ingredients"]
    assert (line["quantity"], line["quantity_max"], line["unit"]) == read


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\x1b", "\x7f", "\x85", "\u2028"], ids=ascii)
def test_controls_and_direction_overrides_are_taken_out_of_what_is_imported(seller: Person, hidden: str) -> None:
    recipe = of(
        seller,
        name=f"{hidden}Tomato{hidden} soup",
        keywords=[f"warm{hidden} soup"],
        recipeIngredient=[
            "1 kg salt",
            {"name": f"red{hidden} leeks", "value": f"2{hidden}"},
            f"1 cup{hidden} milk{hidden}",
        ],
    )["recipe"]
    assert (recipe["name"], recipe["tags"]) == ("Tomato soup", ["warm soup"])
    # A line break may end an ingredient.
    assert "".join(line["raw"] for line in recipe["ingredients"]).replace(" ", "") == "1kgsalt2redleeks1cupmilk"


def test_what_shows_nothing_is_left_out_with_a_warning(seller: Person) -> None:
    found = of(seller, keywords=["\u200b", "soup"], recipeIngredient=["\u200b\u2060", "1 kg salt", "\u3164"])
    assert found["recipe"]["tags"] == ["soup"]
    assert [line["raw"] for line in found["recipe"]["ingredients"]] == ["1 kg salt"]
    assert found["warnings"] == [
        "tags: '\\u200b' shows nothing: left out.",
        "ingredients: '\\u200b\\u2060' shows nothing: left out.",
        "ingredients: '\\u3164' shows nothing: left out.",
    ]


def test_a_recipe_whose_name_shows_nothing_has_no_name(seller: Person) -> None:
    answer = seller.post("/api/recipes/import/", {"jsonld": {"@type": "Recipe", "name": "\u200b"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_recipe")


def test_parts_of_our_own_that_hold_hidden_characters_are_cleaned(seller: Person) -> None:
    supply = [{"name": "red\u202e leeks", "description": "\u200b", "requiredQuantity": {"value": 3}}]
    ours = {"sdPublisher": {"name": "Simmer"}, "recipeIngredient": ["2 \u202eleeks"], "supply": supply}
    (line,) = of(seller, **ours)["recipe"]["ingredients"]
    assert (line["raw"], line["quantity"], line["food"], line["note"]) == ("2 leeks", 3, "red leeks", "")


def test_a_line_of_our_own_that_is_left_out_leaves_the_others_their_parts(seller: Person) -> None:
    supply = [{"name": name, "requiredQuantity": {"value": value}} for name, value in (("x", 7), ("leeks", 3))]
    ours = {"sdPublisher": {"name": "Simmer"}, "recipeIngredient": ["\u200b", "two leeks"], "supply": supply}
    (line,) = of(seller, **ours)["recipe"]["ingredients"]
    assert (line["raw"], line["quantity"], line["food"]) == ("two leeks", 3, "leeks")
