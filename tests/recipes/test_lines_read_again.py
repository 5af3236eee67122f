"""The migration that reads stored lines again."""

from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from recipes.models import Ingredient
from tests.factories import RecipeFactory

migration = import_module("recipes.migrations.0005_lines_read_again")

# The raw line, its (quantity, unit, food, note) as the earlier reader stored them, and the right parts.
READ: list[tuple[str, Any, Any]] = [
    ("1\u20442 teaspoon cumin", ("1", "", "\u20442 teaspoon cumin", ""), ("0.5", None, "teaspoon", "cumin", "")),
    ("1 to 1 1/2 cups stock", ("1", "", "1/2 cups stock", "1 to 1"), ("1", "1.5", "cup", "stock", "")),
    ("2-3 eggs, beaten", ("2", "", "eggs", "beaten; 2-3"), ("2", "3", "", "eggs", "beaten")),
    ("1,000 g flour", ("1", "g", "flour", ""), ("1000", None, "g", "flour", "")),
    ("1 cup plus 2 tbsp flour", ("1", "cup", "plus 2 tbsp flour", ""), (None, None, "", "1 cup plus 2 tbsp flour", "")),
    ("4 eggs", ("4", "", "eggs", ""), ("4", None, "", "eggs", "")),
]
# Parts that an author sent.
SENT: list[tuple[str, Any]] = [
    ("2-3 eggs", ("3", "", "eggs", "")),
    ("1.125 g yeast", ("1.125", "g", "yeast", "")),
    ("a good cup of flour", ("1.25", "cup", "flour", "heaped")),
    ("1,000 g flour", ("1000", "g", "flour", "")),
    ("salt", (None, "pinch", "", "")),
]


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def parts(raw: str) -> tuple[Any, ...]:
    return Ingredient.objects.values_list("quantity", "quantity_max", "unit", "food", "note").get(raw=raw)


def stored(number_of_line: int, raw: str, old: tuple[Any, ...], recipe: Any) -> Ingredient:
    quantity, unit, food, note = old
    return Ingredient(
        recipe=recipe, position=number_of_line, raw=raw, quantity=number(quantity), unit=unit, food=food, note=note
    )


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_batches")
def test_what_the_earlier_reader_made_of_a_line_is_read_again() -> None:
    recipe = RecipeFactory()
    Ingredient.objects.bulk_create(stored(at, raw, old, recipe) for at, (raw, old, _) in enumerate(READ, 1))
    for _ in range(2):  # may be run again
        with connection.schema_editor() as editor:
            migration.read_again(apps, editor)
        for raw, _, (low, high, *texts) in READ:
            assert parts(raw) == (number(low), number(high), *texts)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_batches")
def test_what_an_author_sent_in_parts_stays() -> None:
    recipe = RecipeFactory()
    Ingredient.objects.bulk_create(stored(at, raw, old, recipe) for at, (raw, old) in enumerate(SENT, 1))
    with connection.schema_editor() as editor:
        migration.read_again(apps, editor)
    for raw, (quantity, *texts) in SENT:
        assert parts(raw) == (number(quantity), None, *texts)
