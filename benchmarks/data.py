"""The same people and recipes for every system: made of their number alone, so that all see identical rows.

A hundred thousand rows are multiplied inside PostgreSQL, in a second; one by one they took forty.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

SELLERS = 1_000
CUSTOMERS = 1_000
RECIPES = 100_000
# Beside as many announcements of recipes, half a minute after each.
STATUSES = 100_000
# Whom each customer follows; the feeds that are read are those of the first customers.
FOLLOWED = 50
FEEDS, FEED_LENGTH = 200, 1_000
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
# The same of posts: a recipe's announcement comes with it, a status half a minute later.
_ANNOUNCEMENT = {
    "author_id": f"%(first_author)s + n %% {SELLERS}",
    "tag_names": _COLUMNS["tag_names"],
    "created_at": _COLUMNS["created_at"],
    "published_at": _COLUMNS["created_at"],
}
_STATUS = {
    "author_id": f"%(first_author)s + (n * 3) %% {SELLERS}",
    "text": f"repeat('{_SENTENCE}', 1 + n %% 3)",
    "tag_names": _COLUMNS["tag_names"],
    "created_at": f"{_COLUMNS['created_at']} + interval '30 seconds'",
    "published_at": f"{_COLUMNS['created_at']} + interval '30 seconds'",
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
    return _multiply(recipe, _COLUMNS, RECIPES, {"first_seller": first_seller})


def multiply_status(post: Any, *, first_author: int) -> tuple[int, int]:
    """Replaces `post`, a saved model instance, by STATUSES of its like; the first and the last id."""
    return _multiply(post, _STATUS, STATUSES, {"first_author": first_author})


def multiply_announcement(post: Any, *, first_author: int, first_recipe: int, recipe_column: str) -> tuple[int, int]:
    """Replaces `post` by one of its like for each recipe, whose id is in RECIPE_COLUMN; the first and the last id."""
    columns = {**_ANNOUNCEMENT, recipe_column: "%(first_recipe)s + n"}
    return _multiply(post, columns, RECIPES, {"first_author": first_author, "first_recipe": first_recipe})


def _multiply(instance: Any, given: dict[str, str], count: int, params: dict[str, int]) -> tuple[int, int]:
    table = instance._meta.db_table
    columns = [field.column for field in instance._meta.concrete_fields if not (field.primary_key or field.generated)]
    expressions = [given.get(column, f"t.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH made AS (INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(expressions)}"
            f" FROM {table} t, generate_series(0, {count - 1}) n WHERE t.id = %(id)s ORDER BY n RETURNING id)"
            " SELECT min(id), max(id) FROM made",
            {**params, "id": instance.pk},
        )
        first, last = cursor.fetchone()
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [instance.pk])
    return first, last


def follows(*, first_seller: int, first_customer: int) -> list[tuple[int, int]]:
    """(follower, followee): each customer follows FOLLOWED sellers."""
    return [
        (first_customer + customer, first_seller + (customer * 7 + number * 13) % SELLERS)
        for customer in range(CUSTOMERS)
        for number in range(FOLLOWED)
    ]


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
