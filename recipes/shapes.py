"""Recipes and ratings as clients see them: plain functions over `.values()` rows; none of them queries."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from accounts.models import may_read_premium
from accounts.shapes import short_user_fields, short_user_from
from core.errors import Invalid
from media_pipeline.shapes import image_fields, image_shape_from
from recipes.models import Rating, Recipe
from recipes.quantities import display, scaled
from recipes.social import social_fields, social_shape, with_social

_OWN = (
    *("id", "name", "description", "servings", "prep_minutes", "cook_minutes", "tag_names", "version"),
    *("visibility", "avg_rating", "rating_count", "created_at", "updated_at"),
)
_FIELDS = (*_OWN, *short_user_fields("seller__"), *image_fields("image__"))
_RATING_FIELDS = (
    *("id", "recipe_id", "score", "review", "created_at", "updated_at"),
    *short_user_fields("user__"),
)


def recipe_rows(recipes: QuerySet[Recipe], viewer: Any, *extra: str) -> QuerySet[Recipe, dict[str, Any]]:
    """RECIPES as rows for `recipe_shape`, with the viewer's own rating: one query whatever their number."""
    fields = (*_FIELDS, *social_fields(viewer), *extra)
    if viewer.pk is not None:
        own = FilteredRelation("ratings", condition=Q(ratings__user=viewer.pk))
        recipes = with_social(recipes.alias(own_rating=own), viewer)
        fields = (*fields, "own_rating__score")
    rows: QuerySet[Recipe, dict[str, Any]] = recipes.values(*fields)
    return rows


def is_locked(row: Mapping[str, Any], viewer: Any) -> bool:
    """Whether VIEWER (a User or AnonymousUser) sees no more than name, image and tags of the recipe in ROW."""
    return row["visibility"] == Recipe.Visibility.PREMIUM and not may_read_premium(viewer, row["seller__id"])


def recipe_shape(row: Mapping[str, Any], viewer: Any) -> dict[str, Any]:
    """A recipe without its ingredients and steps, as lists show it to VIEWER, for whom the row was read."""
    average = row["avg_rating"]
    locked = is_locked(row, viewer)
    return {
        "id": row["id"],
        "name": row["name"],
        "description": "" if locked else row["description"],
        "image": image_shape_from(row, "image__"),
        "servings": row["servings"],
        "prep_minutes": row["prep_minutes"],
        "cook_minutes": row["cook_minutes"],
        "tags": row["tag_names"],
        "seller": short_user_from(row, "seller__"),
        "avg_rating": None if average is None else float(average),
        "rating_count": row["rating_count"],
        "my_rating": row.get("own_rating__score"),
        **social_shape(row),
        "visibility": row["visibility"],
        "locked": locked,
        "version": row["version"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def recipe_shapes(rows: Iterable[Mapping[str, Any]], viewer: Any) -> list[dict[str, Any]]:
    return [recipe_shape(row, viewer) for row in rows]


def detail_shape(
    row: Mapping[str, Any],
    viewer: Any,
    ingredients: Iterable[dict[str, Any]],
    steps: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """A whole recipe; INGREDIENTS and STEPS are rows of all their columns beside the ids, none of a locked one."""
    return {
        **recipe_shape(row, viewer),
        "ingredients": [line | _amount(line["quantity"], line["quantity_max"], line["unit"]) for line in ingredients],
        "steps": steps,
    }


def scaled_shape(recipe: dict[str, Any], servings: int) -> dict[str, Any]:
    """A whole recipe with its quantities for so many servings. What people wrote (`raw`, `note`) stays as it is.

    Invalid, with the code `no_servings`, when it does not say for how many it is.
    """
    if recipe["servings"] is None:
        message = "This recipe does not say for how many it is."
        raise Invalid(message, code="no_servings", errors={"servings": [message]})
    factor = Fraction(servings, recipe["servings"])
    ingredients = []
    for line in recipe["ingredients"]:
        ends = (line["quantity"], line["quantity_max"])
        low, high = (None if end is None else scaled(Decimal(str(end)), factor) for end in ends)
        ingredients.append(line | _amount(low, high, line["unit"]))
    return recipe | {"servings": servings, "ingredients": ingredients}


def _amount(low: Decimal | None, high: Decimal | None, unit: str) -> dict[str, Any]:
    return {
        "quantity": None if low is None else float(low),
        "quantity_max": None if high is None else float(high),
        "display": display(low, unit, high),
    }


def rating_rows(ratings: QuerySet[Rating]) -> QuerySet[Rating, dict[str, Any]]:
    """RATINGS as rows for `rating_shape`."""
    rows: QuerySet[Rating, dict[str, Any]] = ratings.values(*_RATING_FIELDS)
    return rows


def rating_shape(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "recipe_id": row["recipe_id"],
        "user": short_user_from(row, "user__"),
        "score": row["score"],
        "review": row["review"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def rating_shapes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [rating_shape(row) for row in rows]
