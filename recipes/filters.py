"""What a list of recipes can be narrowed and sorted by."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from core.errors import Invalid
from core.pages import CursorPages
from recipes.models import Recipe, Tag
from recipes.tags import normal_tag

PAGES: dict[str, CursorPages[Recipe]] = {
    "new": CursorPages(order=("-id",)),
    "top": CursorPages(order=("-top_score", "-id")),
}
MINUTES_MAX = 10_000_000


def order_of(params: Mapping[str, str]) -> str:
    """`?order=`: `new` (when absent) or `top`; Invalid otherwise."""
    order = params.get("order", "new")
    if order == "trending":
        raise _invalid("order", "trending is not available yet: new or top.")
    if order not in PAGES:
        raise _invalid("order", "One of new, top.")
    return order


def narrowed(recipes: QuerySet[Recipe], params: Mapping[str, str]) -> QuerySet[Recipe]:
    """RECIPES that match `seller`, `tag`, `min_rating` and `max_minutes`; Invalid for a value that means nothing.

    An unknown seller or tag is an empty list. It adds no query: the subqueries are constants to the database.
    """
    for name in ("seller", "tag"):
        if "\x00" in params.get(name, ""):
            raise _invalid(name, "It holds the character NUL, which no text contains.")
    if "q" in params:
        raise _invalid("q", "Search is not available yet: leave q out.")
    if (seller := params.get("seller")) is not None:
        recipes = recipes.filter(seller=_seller(seller))
    if (tag := params.get("tag")) is not None:
        tags = Tag.objects.filter(name=normal_tag(tag))
        recipes = recipes.filter(tags=Subquery(tags.values("id")[:1]))
    if (min_rating := params.get("min_rating")) is not None:
        recipes = recipes.filter(avg_rating__gte=_rating(min_rating))
    if (max_minutes := params.get("max_minutes")) is not None:
        # Preparing and cooking together; a recipe that says nothing of either is left out.
        known = Q(prep_minutes__isnull=False) | Q(cook_minutes__isnull=False)
        total = Coalesce("prep_minutes", 0) + Coalesce("cook_minutes", 0)
        recipes = recipes.filter(known).alias(minutes=total).filter(minutes__lte=_minutes(max_minutes))
    return recipes


def _seller(text: str) -> int | Subquery:
    """An id, or a username in any case."""
    if text.isascii() and text.isdigit():
        return int(text)
    return Subquery(User.objects.named(text).values("id")[:1])


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
