"""The same people and recipes for every system: made of their number alone, so that all see identical rows.

A hundred thousand rows are multiplied inside PostgreSQL, in a second; one by one they took forty.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

SELLERS = 1_000
CUSTOMERS = 1_000
RECIPES = 100_000
# So many of the newest recipes have ingredients and steps: those whose detail is read.
DETAILED = 1_000
INGREDIENTS, STEPS = 8, 5

_ADJECTIVES = ["Smoky", "Crisp", "Golden", "Slow", "Green", "Spiced", "Creamy", "Charred", "Bright", "Rustic"]
_DISHES = ["lentil soup", "flatbread", "risotto", "dumplings", "curry", "tagine", "ramen", "pancakes", "pie", "salad"]
_TAGS = ["vegan", "quick", "winter", "family", "baking", "spicy", "one-pot", "breakfast", "festive", "budget"]
_SENTENCE = "Cook it gently, taste often and serve it warm with bread from the day before. "


def _pick(words: list[str], index: str) -> str:
    return f"(ARRAY{words})[1 + ({index}) %% 10]"


# The columns of recipe number n that all systems have, in SQL; its seller is number n modulo SELLERS.
_COLUMNS = {
    "seller_id": f"%(first_seller)s + n %% {SELLERS}",
    "name": f"{_pick(_ADJECTIVES, 'n')} || ' ' || {_pick(_DISHES, 'n / 10')} || ' No. ' || n",
    "description": f"repeat('{_SENTENCE}', 1 + n %% 3)",
    "servings": "1 + n %% 8",
    "prep_minutes": "5 + n %% 40",
    "cook_minutes": "10 + n %% 90",
    "tag_names": f"jsonb_build_array({_pick(_TAGS, 'n')}, {_pick(_TAGS, 'n / 7 + 5')})",
    "created_at": f"now() - interval '1 minute' * ({RECIPES} - n)",
}


@dataclass(frozen=True)
class Person:
    username: str
    email: str
    display_name: str
    role: str


def people() -> list[Person]:
    """The sellers, then the customers."""
    return [
        Person(f"{role}{number}", f"{role}{number}@example.org", f"{role.title()} No. {number}", role)
        for role, count in (("seller", SELLERS), ("customer", CUSTOMERS))
        for number in range(count)
    ]


def multiply(recipe: Any, *, first_seller: int) -> tuple[int, int]:
    """Replaces `recipe`, a saved model instance, by RECIPES of its like; the first and the last id.

    What a system has beyond the columns above is as in `recipe`, so the loader need not know it.
    """
    table = recipe._meta.db_table
    columns = [field.column for field in recipe._meta.concrete_fields if not (field.primary_key or field.generated)]
    expressions = [_COLUMNS.get(column, f"t.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(expressions)}"
            f" FROM {table} t, generate_series(0, {RECIPES - 1}) n WHERE t.id = %(id)s ORDER BY n",
            {"first_seller": first_seller, "id": recipe.pk},
        )
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [recipe.pk])
        cursor.execute(f"SELECT min(id), max(id) FROM {table}")
        first, last = cursor.fetchone()
    return first, last


def ingredients() -> list[dict[str, Any]]:
    return [
        {
            "position": n,
            "quantity": 100 + n,
            "unit": "g",
            "food": f"food {n}",
            "note": "",
            "raw": f"{100 + n} g food {n}",
        }
        for n in range(1, INGREDIENTS + 1)
    ]


def steps() -> list[dict[str, Any]]:
    return [{"position": n, "text": _SENTENCE, "timer_seconds": 60 * n} for n in range(1, STEPS + 1)]
