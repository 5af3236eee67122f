"""Reading recipes: queries that are compiled once (core/prepared.py), for lists and for one."""

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField, BigIntegerField, CharField, FloatField, IntegerField, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import LessThanOrEqual

from accounts.models import User, unmuted
from core.prepared import Parameter, Prepared, PreparedPages
from recipes.models import Ingredient, Recipe, Step, Tag
from recipes.shapes import detail_shape, is_locked, recipe_rows

_ID = BigAutoField()
_ALL = 1_000
# A viewer for querysets that are compiled once for all: the id is given at each run.
SIGNED_IN = SimpleNamespace(pk=Parameter("viewer", _ID), is_authenticated=True)


# Which parameters the query has: viewer, seller (an id), username, tag, min_rating, max_minutes.
Plan = frozenset[str]


def build(plan: Plan, beyond: Mapping[str, Parameter]) -> QuerySet[Recipe, dict[str, Any]]:
    """The rows of a list. An unknown seller or tag is no row; the subqueries are constants to the database."""
    viewer = SIGNED_IN if "viewer" in plan else AnonymousUser()
    recipes = Recipe.objects.visible_to(viewer)
    if "seller" not in plan and "username" not in plan:
        # Whose recipes are asked for by name are shown, muted or not.
        recipes = recipes.filter(unmuted(viewer, "seller"))
    if "seller" in plan:
        recipes = recipes.filter(seller=Parameter("seller", _ID))
    if "username" in plan:
        # As UserQuerySet.named; the text is lower case already.
        named = User.objects.alias(username_ci=Lower("username")).filter(username_ci=Parameter("username", CharField()))
        recipes = recipes.filter(seller=Subquery(named.values("id")[:1]))
    if "tag" in plan:
        tags = Tag.objects.filter(name=Parameter("tag", CharField()))
        # A recipe has a tag once. Of a popular one, half a million ids would be passed over to get to a late page.
        recipes = recipes.filter(
            recipe_tags__tag=Subquery(tags.values("id")[:1]),
            **{f"recipe_tags__recipe_{lookup}": last for lookup, last in beyond.items()},
        )
    if "min_rating" in plan:
        recipes = recipes.filter(avg_rating__gte=Parameter("min_rating", FloatField()))
    if "max_minutes" in plan:
        # Preparing and cooking together; a recipe that says nothing of either is left out.
        known = Q(prep_minutes__isnull=False) | Q(cook_minutes__isnull=False)
        total = Coalesce("prep_minutes", 0) + Coalesce("cook_minutes", 0)
        recipes = recipes.filter(known, LessThanOrEqual(total, Parameter("max_minutes", IntegerField())))
    return recipe_rows(recipes, viewer, "top_score")


PAGES = {
    "new": PreparedPages(build),
    "top": PreparedPages(build, order=("-top_score", "-id")),
}


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
        Prepared(ingredients.values("position", "quantity", "unit", "food", "note", "raw")),
        Prepared(steps.values("position", "text", "timer_seconds")),
    )
