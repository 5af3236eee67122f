"""Recipes, their parts and ratings in Django's admin: to look at, and to remove.

What people wrote is not edited here. Removing goes through the services, so that counters and readers hear of it.
"""

from typing import TYPE_CHECKING

from django.contrib import admin

from accounts.models import User
from core.large_tables import Exactly, Key, LookedAt, LookedAtAdmin, Person, RemovedAdmin, Words
from recipes.models import Ingredient, Rating, Recipe, RecipeTag, Step, Tag
from recipes.search import recipes_with
from recipes.services import rating_delete, recipe_delete

if TYPE_CHECKING:
    IngredientTabularInline = admin.TabularInline[Ingredient, Recipe]
    StepTabularInline = admin.TabularInline[Step, Recipe]
else:
    IngredientTabularInline = StepTabularInline = admin.TabularInline


class IngredientInline(LookedAt, IngredientTabularInline):
    model = Ingredient
    fields = ("position", "raw", "quantity", "quantity_max", "unit", "food", "note")


class StepInline(LookedAt, StepTabularInline):
    model = Step
    fields = ("position", "text", "timer_seconds")


@admin.register(Recipe)
class RecipeAdmin(RemovedAdmin):
    list_display = (
        *("id", "name", "seller", "visibility", "avg_rating", "rating_count", "top_score", "trending_score"),
        *("tag_names", "created_at"),
    )
    sortable_by = ("top_score", "trending_score")
    list_select_related = ("seller",)
    finders = (Key(), Person("seller", only_with_at=True), Words(recipes_with))
    inlines = (IngredientInline, StepInline)

    def remove(self, moderator: User, row: Recipe) -> None:
        recipe_delete(user=moderator, recipe=row)


@admin.register(Rating)
class RatingAdmin(RemovedAdmin):
    list_display = ("id", "recipe", "user", "score", "review", "updated_at")
    list_select_related = ("recipe", "user")
    finders = (Key(), Key("recipe"), Person("user"))

    def remove(self, moderator: User, row: Rating) -> None:
        # As if its author had taken it back: readers of the recipe are not told who removed it.
        rating_delete(user=row.user, recipe=row.recipe)


@admin.register(Tag)
class TagAdmin(LookedAtAdmin):
    """Never deleted: recipes and posts hold its name."""

    list_display = ("id", "name", "recent_uses")
    sortable_by = ("name",)
    list_select_related = ("trend",)
    finders = (Key(), Exactly("name"))

    @admin.display(description="posts these days")
    def recent_uses(self, tag: Tag) -> int:
        trend = getattr(tag, "trend", None)
        return trend.post_count if trend is not None else 0


@admin.register(RecipeTag)
class RecipeTagAdmin(LookedAtAdmin):
    list_display = ("id", "recipe", "tag")
    list_select_related = ("recipe", "tag")
    finders = (Key(), Key("recipe"), Key("tag"))


@admin.register(Ingredient)
class IngredientAdmin(LookedAtAdmin):
    list_display = ("id", "recipe", "position", "raw", "quantity", "quantity_max", "unit", "food")
    list_select_related = ("recipe",)
    finders = (Key(), Key("recipe"))


@admin.register(Step)
class StepAdmin(LookedAtAdmin):
    list_display = ("id", "recipe", "position", "text", "timer_seconds")
    list_select_related = ("recipe",)
    finders = (Key(), Key("recipe"))
