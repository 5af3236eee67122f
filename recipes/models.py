"""Recipes and ratings."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from core.models import Timestamped


class Tag(models.Model):
    """A word recipes are found by: NFKC, lower case, accents kept."""

    name = models.CharField(max_length=50, unique=True)

    def __str__(self) -> str:
        return self.name


class RecipeQuerySet(models.QuerySet["Recipe"]):
    def visible_to(self, viewer: Any) -> "RecipeQuerySet":
        """Recipes that `viewer` (a User or AnonymousUser) may see: list, detail, search and sockets all ask here."""
        return self.filter(seller__is_active=True)


class Recipe(Timestamped):
    """A seller's recipe. `rating_sum` and `rating_count` are exact; `avg_rating` is stored so that lists can sort."""

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=10_000)
    image = models.ForeignKey(
        "media_pipeline.Media", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    servings = models.PositiveSmallIntegerField(null=True, blank=True)
    prep_minutes = models.PositiveIntegerField(null=True, blank=True)
    cook_minutes = models.PositiveIntegerField(null=True, blank=True)
    tags = models.ManyToManyField(Tag, related_name="recipes", blank=True)
    # Goes up with each edit by its author, never with a rating: If-Match compares it.
    version = models.PositiveIntegerField(default=1)
    rating_sum = models.PositiveBigIntegerField(default=0)
    rating_count = models.PositiveIntegerField(default=0)
    avg_rating = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)

    objects = RecipeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rating_count=0, rating_sum=0, avg_rating__isnull=True)
                | Q(rating_count__gt=0, rating_sum__gte=models.F("rating_count"), avg_rating__isnull=False),
                name="recipe_aggregates_agree",
            ),
        ]
        indexes = [
            # A seller's recipes, newest first, by keyset.
            models.Index(fields=["seller", "-id"], name="recipe_of_seller"),
        ]

    def __str__(self) -> str:
        return self.name


class Ingredient(models.Model):
    """One line of the list; `raw` is what the author wrote and is always kept."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="ingredients")
    position = models.PositiveSmallIntegerField()
    quantity = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    food = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=200, blank=True)
    raw = models.CharField(max_length=500)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["recipe", "position"], name="ingredient_position"),
        ]

    def __str__(self) -> str:
        return self.raw


class Step(models.Model):
    """One step of the method."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=5_000)
    timer_seconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["recipe", "position"], name="step_position"),
        ]

    def __str__(self) -> str:
        return f"step {self.position}"


class Rating(Timestamped):
    """What one person thinks of one recipe."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings")
    score = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    review = models.TextField(blank=True, max_length=2_000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipe", "user"], name="rating_once"),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="rating_score_range"),
        ]
        indexes = [
            # A recipe's ratings, newest first, by keyset.
            models.Index(fields=["recipe", "-id"], name="rating_of_recipe"),
        ]

    def __str__(self) -> str:
        return f"{self.score} for {self.recipe_id}"
