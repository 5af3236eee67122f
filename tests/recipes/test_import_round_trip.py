"""What is exported and imported again is the same recipe."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recipes.conftest import Person
from tests.recipes.test_import import PAGE, imported

KEPT = ("name", "description", "servings", "prep_minutes", "cook_minutes", "tags", "ingredients", "steps", "visibility")


def round_trip(seller: Person, recipe: dict[str, Any], wrap: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    linked = seller.get(f"/api/recipes/{recipe['id']}/", headers={"Accept": "application/ld+json"})
    return imported(seller, **wrap(linked.content.decode()))


@pytest.mark.parametrize(
    "wrap",
    [lambda text: {"jsonld": text}, lambda text: {"jsonld": orjson.loads(text)}, lambda text: {"html": PAGE % text}],
    ids=["text", "object", "page"],
)
def test_what_is_exported_is_imported_as_the_same_recipe(seller: Person, wrap: Any) -> None:
    recipe = seller.create(
        description="One & two &amp; <b>three</b>.\n\n  Indented.",
        visibility="premium",
        tags=["a, b", "é"],
        ingredients=[
            "2-3 eggs",
            {"raw": "some eggs", "quantity": "1/3", "quantity_max": 2.5, "unit": "Dutzend", "food": "eggs"},
            {"raw": "a good cup of flour", "quantity": 1.25, "unit": "Cup", "food": "flour", "note": "heaped, sieved"},
            {"raw": "salt", "unit": "pinch"},
        ],
        steps=["First.\nThen.", {"text": "Wait &lt;long&gt;", "timer_seconds": 86_399}],
    )
    found = round_trip(seller, recipe, wrap)
    assert found["warnings"] == []
    assert {name: found["recipe"][name] for name in KEPT} == {name: recipe[name] for name in KEPT}


# Neither what cannot be stored, nor what would be trimmed away to nothing.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(str.strip)
lines = texts.map(lambda text: text[:500]).filter(str.strip)
parts = st.fixed_dictionaries(
    {"food": texts.map(lambda text: text[:200]).filter(str.strip)},
    optional={
        "raw": lines,
        "quantity": st.none() | st.integers(0, 99_999_999) | st.floats(0, 99_999_999),
        "unit": st.sampled_from(["", "g", "cup", "Cups", "Prise"]) | texts.map(lambda text: text[:40]),
        "note": texts.map(lambda text: text[:200]),
    },
)
ranges = st.fixed_dictionaries(
    {
        **{"quantity": st.integers(0, 99_999), "quantity_max": st.floats(100_000, 99_999_999)},
        **{"unit": st.sampled_from(["", "g", "cup", "Cups", "Prise"]), "food": st.just("eggs")},
    },
    optional={"raw": lines},
)
steps = texts | st.fixed_dictionaries({"text": texts, "timer_seconds": st.none() | st.integers(1, 604_800)})
minutes = st.none() | st.integers(0, 525_600)
recipes = st.fixed_dictionaries(
    {"name": texts.map(lambda text: text[:200]).filter(str.strip)},
    optional={
        "description": st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
        "servings": st.none() | st.integers(1, 1_000),
        "prep_minutes": minutes,
        "cook_minutes": minutes,
        "visibility": st.sampled_from(["public", "premium"]),
        "tags": st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20), max_size=5),
        "ingredients": st.lists(lines | parts | ranges, max_size=6),
        "steps": st.lists(steps, max_size=4),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=recipes)
def test_whatever_may_be_written_comes_back_the_same(seller: Person, written: dict[str, Any]) -> None:
    created = seller.post("/api/recipes/", written)
    if created.status_code == 400:  # a tag of nothing but "#", a line that became too long
        return
    found = round_trip(seller, created.json(), lambda text: {"jsonld": text})
    assert found["warnings"] == []
    assert {name: found["recipe"][name] for name in KEPT} == {name: created.json()[name] for name in KEPT}
