"""Recipes and ratings."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import NullIf

from accounts.models import unblocked, unmuted
from core.models import Timestamped

# "Top" is a Bayesian average: as if everyone's recipe had ten ratings of 3, the middle of the scale, before the first
# real one. So one enthusiast does not outrank a hundred, and what nobody rated stands between the good and the bad.
TOP_PRIOR_COUNT = 10
TOP_PRIOR_SUM = 30


class TagQuerySet(models.QuerySet["Tag"]):
    def made(self, names: Collection[str]) -> list[int]:
        """The ids of the tags of these normal names (recipes/tags.py), made if need be."""
        # In one order, so that two who bring the same new tags do not wait for each other.
        self.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
        return list(self.filter(name__in=names).values_list("id", flat=True))


class Tag(models.Model):
    """A word recipes are found by: NFKC, lower case, accents kept."""

    name = models.CharField(max_length=50, unique=True)

    objects = TagQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class RecipeQuerySet(models.QuerySet["Recipe"]):
    def visible_to(self, viewer: Any) -> "RecipeQuerySet":
        """Recipes that `viewer` (a User or AnonymousUser) may see: list, detail, search and sockets all ask here."""
        return self.filter(unblocked(viewer, "seller"), seller__is_active=True)


class Recipe(Timestamped):
    """A seller's recipe. Of a premium one, everybody sees name and image; the rest is `locked` for who has no premium.

    `rating_sum` and `rating_count` are exact (recipes/aggregates.py changes them); what is computed from them is a
    stored column of the database's own, so that it cannot disagree and lists can sort by it.
    """

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        PREMIUM = "premium"

    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recipes", db_index=False
    )
    visibility = models.CharField(max_length=9, choices=Visibility.choices, default=Visibility.PUBLIC)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=10_000)
    image = models.ForeignKey(
        "media_pipeline.Media", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    servings = models.PositiveSmallIntegerField(null=True, blank=True)
    prep_minutes = models.PositiveIntegerField(null=True, blank=True)
    cook_minutes = models.PositiveIntegerField(null=True, blank=True)
    tags = models.ManyToManyField(Tag, through="RecipeTag", related_name="recipes", blank=True)
    # The names of `tags` in the author's order, for lists to read without a join; written in the same transaction.
    tag_names = models.JSONField(default=list)
    # Goes up with each edit by its author, never with a rating: If-Match compares it.
    version = models.PositiveIntegerField(default=1)
    rating_sum = models.PositiveBigIntegerField(default=0)
    rating_count = models.PositiveIntegerField(default=0)
    avg_rating = models.GeneratedField(
        # Whole hundredths, rounded half up, then a hundredth of that: the same on every database.
        expression=models.ExpressionWrapper(
            (F("rating_sum") * 200 + F("rating_count")) / (NullIf("rating_count", 0) * 2) / Value(100.0),
            output_field=models.DecimalField(max_digits=3, decimal_places=2),
        ),
        output_field=models.DecimalField(max_digits=3, decimal_places=2),
        db_persist=True,
    )
    # In millionths, as a whole number: a cursor compares it exactly.
    top_score = models.GeneratedField(
        expression=(F("rating_sum") + TOP_PRIOR_SUM) * 1_000_000 / (F("rating_count") + TOP_PRIOR_COUNT),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    # Recent activity, as a whole number that a cursor compares exactly; a job in the background computes it.
    trending_score = models.BigIntegerField(default=0)

    objects = RecipeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(visibility__in=["public", "premium"]), name="recipe_visibility_known"),
            models.CheckConstraint(
                condition=Q(rating_sum__gte=F("rating_count"), rating_sum__lte=F("rating_count") * 5),
                name="recipe_aggregates_agree",
            ),
        ]
        indexes = [
            # A seller's recipes, newest first, by keyset.
            models.Index(fields=["seller", "-id"], name="recipe_of_seller"),
            # The best, by keyset.
            models.Index(fields=["-top_score", "-id"], name="recipe_top"),
            # What is talked about, by keyset.
            models.Index(fields=["-trending_score", "-id"], name="recipe_trending"),
        ]

    def __str__(self) -> str:
        return self.name


class RecipeTag(models.Model):
    """That a recipe is found by a tag."""

    # Each of the two keys begins an index below, and needs none of its own.
    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="recipe_tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipe", "tag"], name="recipe_tag_once"),
        ]
        indexes = [
            # A tag's recipes, newest first, by keyset.
            models.Index(fields=["tag", "-recipe"], name="recipe_of_tag"),
        ]

    def __str__(self) -> str:
        return f"tag {self.tag_id} of recipe {self.recipe_id}"


class Ingredient(models.Model):
    """One line of the list; `raw` is what the author wrote and is always kept."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="ingredients", db_index=False)
    position = models.PositiveSmallIntegerField()
    quantity = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    # The upper end of a range; null when the amount is not a range.
    quantity_max = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    food = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=200, blank=True)
    raw = models.CharField(max_length=500)

    class Meta:
        ordering = ["position"]
        constraints = [
            # Also the index behind "the lines of this recipe, in order".
            models.UniqueConstraint(fields=["recipe", "position"], name="ingredient_position"),
            models.CheckConstraint(
                condition=Q(quantity_max__isnull=True) | Q(quantity__isnull=False, quantity_max__gt=F("quantity")),
                name="ingredient_range_ascends",
            ),
        ]

    def __str__(self) -> str:
        return self.raw


class Step(models.Model):
    """One step of the method."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="steps", db_index=False)
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


class RatingQuerySet(models.QuerySet["Rating"]):
    def visible_to(self, viewer: Any) -> "RatingQuerySet":
        """Ratings that `viewer` may read, of a recipe that they may see."""
        return self.filter(unblocked(viewer, "user"), unmuted(viewer, "user"), user__is_active=True)


class Rating(Timestamped):
    """What one person thinks of one recipe."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="ratings", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings")
    score = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    review = models.TextField(blank=True, max_length=2_000)

    objects = RatingQuerySet.as_manager()

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
