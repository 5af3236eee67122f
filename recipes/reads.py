"""Reading recipes: queries that are compiled once (core/prepared.py), for lists and for one."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    BigAutoField,
    BigIntegerField,
    CharField,
    Field,
    FloatField,
    IntegerField,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import LessThanOrEqual

from accounts.models import User, unmuted
from core.json_rows import AmongIds
from core.pages import DEFAULT_LIMIT
from core.prepared import Parameter, Prepared, PreparedInstance, PreparedPages
from realtime.positions import stream_position
from recipes.models import Ingredient, Recipe, Step, Tag
from recipes.shapes import detail_shape, is_locked, recipe_rows, recipe_shapes

_ID = BigAutoField()
_ALL = 1_000
_NOTHING: Mapping[str, Parameter] = {}
# A viewer for querysets that are compiled once for all: the id is given at each run.
SIGNED_IN = SimpleNamespace(pk=Parameter("viewer", _ID), is_authenticated=True)


# What a list can be narrowed by; `seller` is an id.
FILTERS: dict[str, "Field[Any, Any]"] = {
    "seller": _ID,
    "username": CharField(),
    "tag": CharField(),
    "min_rating": FloatField(),
    "max_minutes": IntegerField(),
}
# Which of them the query has, and `viewer` if somebody is signed in.
Plan = frozenset[str]


def build(plan: Plan, beyond: Mapping[str, Parameter]) -> QuerySet[Recipe, dict[str, Any]]:
    """The rows of a list."""
    viewer = SIGNED_IN if "viewer" in plan else AnonymousUser()
    filters = {name: Parameter(name, field) for name, field in FILTERS.items() if name in plan}
    recipes = narrowed(Recipe.objects.visible_to(viewer), viewer, filters, beyond)
    return recipe_rows(recipes, viewer, "top_score", "trending_score")


def narrowed(
    recipes: QuerySet[Recipe], viewer: Any, filters: Mapping[str, Value], beyond: Mapping[str, Parameter] = _NOTHING
) -> QuerySet[Recipe]:
    """Those of RECIPES that pass FILTERS. An unknown seller or tag is no row; the subqueries are constants to the
    database. BEYOND as in PreparedPages."""
    if "seller" not in filters and "username" not in filters:
        # Whose recipes are asked for by name are shown, muted or not.
        recipes = recipes.filter(unmuted(viewer, "seller"))
    if "seller" in filters:
        recipes = recipes.filter(seller=filters["seller"])
    if "username" in filters:
        # As UserQuerySet.named; the text is lower case already.
        named = User.objects.alias(username_ci=Lower("username")).filter(username_ci=filters["username"])
        recipes = recipes.filter(seller=Subquery(named.values("id")[:1]))
    if "tag" in filters:
        tags = Tag.objects.filter(name=filters["tag"])
        # A recipe has a tag once. Of a popular one, half a million ids would be passed over to get to a late page.
        recipes = recipes.filter(
            recipe_tags__tag=Subquery(tags.values("id")[:1]),
            **{f"recipe_tags__recipe_{lookup}": last for lookup, last in beyond.items()},
        )
    if "min_rating" in filters:
        recipes = recipes.filter(avg_rating__gte=filters["min_rating"])
    if "max_minutes" in filters:
        # Preparing and cooking together; a recipe that says nothing of either is left out.
        known = Q(prep_minutes__isnull=False) | Q(cook_minutes__isnull=False)
        total = Coalesce("prep_minutes", 0) + Coalesce("cook_minutes", 0)
        recipes = recipes.filter(known, LessThanOrEqual(total, filters["max_minutes"]))
    return recipes


PAGES = {
    "new": PreparedPages(build),
    "top": PreparedPages(build, order=("-top_score", "-id")),
    "trending": PreparedPages(build, order=("-trending_score", "-id")),
}


def first_recipes() -> dict[str, Any]:
    """The first page of /api/recipes/ as anonymous clients read it, and the Stream-Position before it. Two queries."""
    position = stream_position("recipes")
    rows = _newest().fetch(_NOTHING, limit=DEFAULT_LIMIT)
    return {"results": recipe_shapes(rows, AnonymousUser()), "position": position}


@cache
def _newest() -> Prepared:
    return Prepared(build(frozenset(), _NOTHING).order_by("-id"))


def recipes_of_ids(viewer: Any, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The shapes of those IDS that VIEWER may see, in the order of IDS. One query, none for no ids."""
    if not ids:
        return []
    values = {"ids": orjson.dumps(list(ids)).decode(), "viewer": viewer.pk}
    rows = {row["id"]: row for row in _by_ids(viewer.pk is not None).fetch(values, limit=len(ids))}
    return recipe_shapes([rows[recipe_id] for recipe_id in ids if recipe_id in rows], viewer)


@cache
def _by_ids(signed_in: bool) -> Prepared:
    viewer: Any = SIGNED_IN if signed_in else AnonymousUser()
    recipes = Recipe.objects.visible_to(viewer).filter(AmongIds("pk", Parameter("ids", TextField())))
    return Prepared(recipe_rows(recipes, viewer))


def recipe_for(viewer: Any, recipe_id: int) -> Recipe | None:
    """The recipe itself, for writing to it; None when there is none that VIEWER may see. One query."""
    values = {"recipe": min(recipe_id, BigIntegerField.MAX_BIGINT), "viewer": viewer.pk}
    return _instance(viewer.pk is not None).fetch(values)


@cache
def _instance(signed_in: bool) -> PreparedInstance[Recipe]:
    viewer: Any = SIGNED_IN if signed_in else AnonymousUser()
    return PreparedInstance(Recipe.objects.visible_to(viewer).filter(pk=Parameter("recipe", _ID)))


def recipe_read(viewer: Any, recipe_id: int) -> dict[str, Any] | None:
    """The whole recipe as VIEWER sees it, None when they do not. Three queries; one of a locked recipe."""
    values = {"recipe": min(recipe_id, BigIntegerField.MAX_BIGINT), "viewer": viewer.pk}
    recipe, ingredients, steps = _details(viewer.pk is not None)
    rows = recipe.fetch(values, limit=1)
    if not rows:
        return None
    row = rows[0]
    if is_locked(row, viewer):
        return detail_shape(row, viewer, [], [])
    # No limit of their own: the serializers have one.
    return detail_shape(row, viewer, ingredients.fetch(values, limit=_ALL), steps.fetch(values, limit=_ALL))


@cache
def _details(signed_in: bool) -> tuple[Prepared, Prepared, Prepared]:
    viewer: Any = SIGNED_IN if signed_in else AnonymousUser()
    recipe_id = Parameter("recipe", _ID)
    recipes = Recipe.objects.visible_to(viewer).filter(pk=recipe_id)
    ingredients = Ingredient.objects.filter(recipe=recipe_id).order_by("position")
    steps = Step.objects.filter(recipe=recipe_id).order_by("position")
    return (
        Prepared(recipe_rows(recipes, viewer)),
        Prepared(ingredients.values("position", "quantity", "quantity_max", "unit", "food", "note", "raw")),
        Prepared(steps.values("position", "text", "timer_seconds")),
    )
