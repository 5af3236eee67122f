"""What a list of recipes can be narrowed and sorted by, and one be scaled to: the query string, read strictly."""

from collections.abc import Mapping
from typing import Any

from django.db.models import BigIntegerField

from core.errors import Invalid
from recipes.tags import normal_tag

ORDERS = ("new", "top", "trending")
MINUTES_MAX = 10_000_000
SERVINGS_MAX = 1_000


def order_of(params: Mapping[str, str]) -> str:
    """`?order=`: `new` when absent; Invalid if there is no such order."""
    order = params.get("order", "new")
    if order not in ORDERS:
        raise _invalid("order", f"One of {', '.join(ORDERS)}.")
    return order


def filters_of(params: Mapping[str, str]) -> dict[str, Any]:
    """The parameters (recipes/reads.py) that a query string asks for; Invalid for a value that means nothing."""
    found: dict[str, Any] = {}
    for name in ("seller", "tag"):
        if "\x00" in params.get(name, ""):
            raise _invalid(name, "It holds the character NUL, which no text contains.")
    if (seller := params.get("seller")) is not None:
        if seller.isascii() and seller.isdigit():
            found["seller"] = min(int(seller[:19]), BigIntegerField.MAX_BIGINT)
        else:
            found["username"] = seller.lower()
    if (tag := params.get("tag")) is not None:
        found["tag"] = normal_tag(tag)
    if (min_rating := params.get("min_rating")) is not None:
        found["min_rating"] = _rating(min_rating)
    if (max_minutes := params.get("max_minutes")) is not None:
        found["max_minutes"] = _minutes(max_minutes)
    return found


def servings_of(params: Mapping[str, str]) -> int | None:
    """`?servings=` of one recipe: for how many it is to be. None when absent; Invalid for what means nothing."""
    text = params.get("servings")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 4 or not 1 <= int(text) <= SERVINGS_MAX:
        raise _invalid("servings", f"A whole number from 1 to {SERVINGS_MAX}.")
    return int(text)


def _rating(text: str) -> float:
    try:
        rating = float(text) if text.isascii() and len(text) <= 8 else 0.0
    except ValueError:
        rating = 0.0
    if not 1 <= rating <= 5:
        raise _invalid("min_rating", "A number from 1 to 5.")
    return rating


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 8 or int(text) > MINUTES_MAX:
        raise _invalid("max_minutes", f"A whole number from 0 to {MINUTES_MAX}.")
    return int(text)


def _invalid(parameter: str, message: str) -> Invalid:
    return Invalid(f"{parameter}: {message}", errors={parameter: [message]})
