"""Recipes and ratings in Django's admin: to look at, and to remove.

What people wrote is not edited here. Removing goes through the services, so that counters and readers hear of it.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.models import User
from recipes.models import Ingredient, Rating, Recipe, Step, Tag
from recipes.services import rating_delete, recipe_delete

if TYPE_CHECKING:
    RecipeModelAdmin = admin.ModelAdmin[Recipe]
    RatingModelAdmin = admin.ModelAdmin[Rating]
    TagModelAdmin = admin.ModelAdmin[Tag]
    IngredientTabularInline = admin.TabularInline[Ingredient, Recipe]
    StepTabularInline = admin.TabularInline[Step, Recipe]
else:
    RecipeModelAdmin = RatingModelAdmin = TagModelAdmin = admin.ModelAdmin
    IngredientTabularInline = StepTabularInline = admin.TabularInline


class _LookedAt:
    """Nothing is added or changed."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class IngredientInline(_LookedAt, IngredientTabularInline):
    model = Ingredient
    fields = ("position", "raw", "quantity", "unit", "food", "note")


class StepInline(_LookedAt, StepTabularInline):
    model = Step
    fields = ("position", "text", "timer_seconds")


@admin.register(Recipe)
class RecipeAdmin(_LookedAt, RecipeModelAdmin):
    list_display = ("id", "name", "seller", "avg_rating", "rating_count", "tag_names", "created_at")
    list_filter = ("created_at", ("image__status", admin.AllValuesFieldListFilter), "rating_count")
    list_select_related = ("seller",)
    search_fields = ("name", "seller__username", "tags__name")
    ordering = ("-id",)
    inlines = (IngredientInline, StepInline)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Moderators, as in the API."""
        return isinstance(request.user, User) and request.user.is_moderator

    def delete_model(self, request: HttpRequest, obj: Recipe) -> None:
        assert isinstance(request.user, User)
        recipe_delete(user=request.user, recipe=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Recipe]) -> None:
        for recipe in queryset:
            self.delete_model(request, recipe)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """All that belongs to a recipe goes with it: nobody needs a right for each of the parts."""
        deleted, count, _, protected = super().get_deleted_objects(objs, request)
        return deleted, count, set(), protected


@admin.register(Rating)
class RatingAdmin(_LookedAt, RatingModelAdmin):
    list_display = ("id", "recipe", "user", "score", "review", "updated_at")
    list_filter = ("score", "updated_at")
    list_select_related = ("recipe", "user")
    search_fields = ("recipe__name", "user__username", "review")
    ordering = ("-id",)
    show_full_result_count = False

    def delete_model(self, request: HttpRequest, obj: Rating) -> None:
        # As if its author had taken it back: readers of the recipe are not told who removed it.
        rating_delete(user=obj.user, recipe=obj.recipe)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rating]) -> None:
        for rating in queryset.select_related("recipe", "user__profile__picture"):
            self.delete_model(request, rating)


@admin.register(Tag)
class TagAdmin(_LookedAt, TagModelAdmin):
    list_display = ("name", "recipe_count")
    search_fields = ("name",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(recipes_found=Count("recipes"))

    @admin.display(description="recipes", ordering="recipes_found")
    def recipe_count(self, tag: Any) -> int:
        count: int = tag.recipes_found
        return count

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # recipes hold its name
