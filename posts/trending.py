"""What is talked about these days: tags by their use, recipes by what people do with them. Computed in the background.

Each deed weighs half after a day, and nothing after a week. On both databases the sums are made by the database, one
query for each kind of deed; the scores are whole numbers, for cursors compare them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, ExpressionWrapper, FloatField, Func, Q, QuerySet, Sum, Value
from django.utils import timezone

from posts.models import Comment, Post, PostReaction, PostTag, PostView, Reaction, Save, TagTrend
from posts.moments import Seconds
from recipes.models import Rating, Recipe

WINDOW = timedelta(days=7)
HALF_LIFE = timedelta(days=1)
# What a deed of this moment adds to a score. A score that rounds to nothing is none.
RATING, REPOST, COMMENT, SAVE, LIKE, VIEW = 300, 300, 300, 200, 100, 10
TAG_USE = 100
# Rows of one UPDATE: they are locked while it runs, so that it is short.
BATCH = 400


def update_recipes(*, now: datetime | None = None) -> int:
    """Brings `trending_score` in line with the last week; how many recipes it changed. Those that are quiet have 0."""
    now = now or timezone.now()
    scores: Counter[int] = Counter()
    for deeds, recipe, moment, weight in _deeds(now - WINDOW):
        weighed = deeds.values(recipe).annotate(weight=_weight(moment, weight, now)).order_by()
        for recipe_id, score in weighed.values_list(recipe, "weight"):
            scores[recipe_id] += score
    fresh = {recipe_id: score for recipe_id, weight in scores.items() if (score := round(weight)) > 0}
    stored = dict(Recipe.objects.filter(trending_score__gt=0).values_list("id", "trending_score"))
    changed = {recipe_id: score for recipe_id, score in fresh.items() if stored.get(recipe_id) != score}
    changed |= dict.fromkeys(stored.keys() - fresh.keys(), 0)
    return sum(_write(batch) for batch in _batches(changed))


def update_tags(*, now: datetime | None = None) -> None:
    """Replaces the trends of tags by those of the last week. What only followers may read counts for nobody else."""
    now = now or timezone.now()
    uses = PostTag.objects.filter(
        published_at__gt=now - WINDOW,
        published_at__lte=now,
        post__status=Post.Status.PUBLISHED,
        post__visibility__in=[Post.Visibility.PUBLIC, Post.Visibility.PREMIUM],
        post__author__is_active=True,
    )
    weighed = (
        uses.values("tag").annotate(weight=_weight("published_at", TAG_USE, now), posts=Count("id")).order_by("tag")
    )
    rows = weighed.values_list("tag", "weight", "posts")
    fresh = [
        TagTrend(tag_id=tag_id, score=score, post_count=posts)
        for tag_id, weight, posts in rows
        if (score := round(weight)) > 0
    ]
    with transaction.atomic():
        quiet = set(TagTrend.objects.values_list("tag", flat=True)) - {trend.tag_id for trend in fresh}
        TagTrend.objects.filter(tag__in=quiet).delete()
        TagTrend.objects.bulk_create(
            fresh,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["tag"],
            update_fields=["score", "post_count"],
        )


def _deeds(since: datetime) -> Iterator[tuple[QuerySet[Any, Any], str, str, int]]:
    """What people did with recipes, by announcement or itself: rows, their columns of recipe and moment, the weight."""
    announced = Q(post__announces__isnull=False)
    recent = Q(created_at__gt=since)
    yield Rating.objects.filter(recent), "recipe", "created_at", RATING
    reposts = Post.objects.filter(kind=Post.Kind.REPOST, published_at__gt=since, original__announces__isnull=False)
    yield reposts, "original__announces", "published_at", REPOST
    comments = Comment.objects.filter(recent, announced, is_deleted=False)
    yield comments, "post__announces", "created_at", COMMENT
    yield Save.objects.filter(recent, announced), "post__announces", "created_at", SAVE
    likes = PostReaction.objects.filter(recent, announced, kind=Reaction.LIKE)
    yield likes, "post__announces", "created_at", LIKE
    yield PostView.objects.filter(announced, day__gt=since.date()), "post__announces", "day", VIEW


def _weight(moment: str, weight: int, now: datetime) -> Sum:
    """The sum of WEIGHT, halved for each HALF_LIFE since MOMENT."""
    age: Any = Value(now.timestamp()) - Seconds(moment)
    halvings = ExpressionWrapper(age / Value(-HALF_LIFE.total_seconds()), FloatField())
    return Sum(ExpressionWrapper(Func(Value(2.0), halvings, function="POWER") * Value(float(weight)), FloatField()))


def _batches(scores: Mapping[int, int]) -> Iterator[list[tuple[int, int]]]:
    """In the order of ids, in which recipes are locked."""
    rest = iter(sorted(scores.items()))
    while batch := list(islice(rest, BATCH)):
        yield batch


def _write(scores: list[tuple[int, int]]) -> int:
    """Sets what differs, in one statement."""
    rows = ", ".join(["(%s, %s)"] * len(scores))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH fresh (id, score) AS (VALUES {rows})"  # noqa: S608
            " UPDATE recipes_recipe SET trending_score = fresh.score FROM fresh"
            " WHERE recipes_recipe.id = fresh.id AND recipes_recipe.trending_score <> fresh.score",
            [value for row in scores for value in row],
        )
        changed: int = cursor.rowcount
        return changed
