"""Finding recipes by words in their names, tags and descriptions. Of a premium recipe, by its name and tags only."""

from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from core.pages import CursorPages
from core.search import Typed, WordIndex, has_word_indexes, holds, typed
from recipes.models import Recipe, RecipeTag
from recipes.reads import FILTERS, narrowed

# So many of the newest recipes that match are ranked and shown. What a rating or the time leaves out comes off that
# number: so more are looked at then. A tag is part of the search, and the recipes of one seller are all looked at.
MOST = 1_000
MOST_TO_NARROW = 2_000

_INDEX = WordIndex(table="recipes_search", rows="recipes_recipe")

# How well it matches, times how good it is; or an order that somebody asks for.
PAGES = {
    None: CursorPages[Recipe](order=("-search_rank", "-id")),
    "new": CursorPages[Recipe](),
    "top": CursorPages[Recipe](order=("-top_score", "-id")),
    "trending": CursorPages[Recipe](order=("-trending_score", "-id")),
}


def recipes_found(viewer: Any, typed: Typed, filters: Mapping[str, Any]) -> QuerySet[Recipe, dict[str, Any]]:
    """Rows of `id` and what PAGES order by: the recipes that VIEWER sees in lists, match TYPED and pass FILTERS."""
    given = {name: Value(value, FILTERS[name]) for name, value in filters.items()}
    recipes = narrowed(Recipe.objects.visible_to(viewer), viewer, given)
    if not has_word_indexes():
        recipes = recipes.filter(_holds(typed))
    elif not filters.keys().isdisjoint(("seller", "username")):
        recipes = recipes.filter(_INDEX.matches(typed))
    else:
        most = MOST if filters.keys().isdisjoint(("min_rating", "max_minutes")) else MOST_TO_NARROW
        recipes = recipes.filter(pk__in=_INDEX.newest(typed, most=most, with_words=filters.get("tag", "")))
    ranked: QuerySet[Any, Any] = recipes.annotate(search_rank=_rank(typed))
    rows: QuerySet[Recipe, dict[str, Any]] = ranked.values("id", "search_rank", "top_score", "trending_score")
    return rows


def recipes_with(recipes: QuerySet[Recipe, Recipe], text: str) -> QuerySet[Recipe, Recipe]:
    """Those of RECIPES in which those words are, the newest MOST of them at most. Raises Invalid."""
    wanted = typed(text)
    if not has_word_indexes():
        return recipes.filter(pk__in=Recipe.objects.filter(_holds(wanted)).values("pk"))
    return recipes.filter(pk__in=_INDEX.newest(wanted, most=MOST))


def _rank(typed: Typed) -> Expression:
    """A whole number that changes with the ratings alone, so that pages do not shift with the time."""
    if has_word_indexes():
        product = ExpressionWrapper(_INDEX.relevance(typed) * F("top_score"), FloatField())
        return Cast(product, BigIntegerField())
    named = reduce(and_, (holds("name", words) for words in typed.wanted))
    return Case(When(named, then=F("top_score") * 2), default=F("top_score"), output_field=BigIntegerField())


def _holds(typed: Typed) -> Q:
    """The same by looking at every row: each word or phrase anywhere."""
    return reduce(and_, [*map(_has, typed.wanted), *(~_has(words) for words in typed.unwanted)])


def _has(words: str) -> Q:
    tagged = RecipeTag.objects.filter(holds("tag__name", words)).values("recipe")
    readable = Q(visibility=Recipe.Visibility.PUBLIC) & holds("description", words)
    return holds("name", words) | Q(pk__in=tagged) | readable
