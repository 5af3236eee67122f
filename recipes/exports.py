"""What an export has of recipes: one's own, whole, and what one thinks of others'."""

from typing import Any

from accounts.models import User
from core.addresses import absolute
from core.exports import Rows, in_chunks, register_export
from recipes.models import Rating, Recipe

_RECIPE = (
    *("id", "visibility", "name", "description", "image_id", "servings", "prep_minutes", "cook_minutes"),
    *("tag_names", "rating_count", "avg_rating", "created_at", "updated_at"),
)
_INGREDIENT = ("position", "quantity", "quantity_max", "unit", "food", "note", "raw")
_STEP = ("position", "text", "timer_seconds")


def register() -> None:
    register_export("recipes", recipes, about="Your recipes, with their ingredients and steps.")
    register_export("ratings", ratings, about="What you think of recipes.")


def recipes(user: User) -> Rows:
    for recipe in in_chunks(Recipe.objects.filter(seller=user).prefetch_related("ingredients", "steps")):
        yield {
            **_only(recipe, _RECIPE),
            "ingredients": [_only(ingredient, _INGREDIENT) for ingredient in recipe.ingredients.all()],
            "steps": [_only(step, _STEP) for step in recipe.steps.all()],
            "url": absolute(f"/api/recipes/{recipe.pk}/"),
        }


def ratings(user: User) -> Rows:
    fields = ("id", "recipe_id", "score", "review", "created_at", "updated_at")
    yield from in_chunks(Rating.objects.filter(user=user).values(*fields))


def _only(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
