"""What a digest tells a person: new recipes of those whom they follow, and what was rated best. As they may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from django.db.models import BigAutoField, Count, DateTimeField, ExpressionWrapper, FloatField, Sum, TextField

from accounts.models import Follow, User, unmuted
from core.json_rows import AmongIds
from core.prepared import Parameter, Prepared
from posts.models import Post
from posts.notifications.reads import unread_count
from recipes.models import TOP_PRIOR_COUNT, TOP_PRIOR_SUM, Rating, Recipe
from recipes.reads import SIGNED_IN, recipes_of_ids

# Recipes in one mail: new ones, and best ones. Of the best, so many more are kept for people who may not see some.
NEW, BEST, CANDIDATES = 8, 3, 40
# The middle of the scale, where a recipe without ratings stands: below it nothing is called good.
MIDDLE = TOP_PRIOR_SUM / TOP_PRIOR_COUNT


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Recipes in the shape that the API gives them, locked ones without what is locked."""

    new: list[dict[str, Any]] = field(default_factory=list)
    has_more: bool = False
    best: list[dict[str, Any]] = field(default_factory=list)
    unread: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.best)


def best_rated(since: datetime, until: datetime) -> list[int]:
    """The ids of the recipes with the best ratings of that time, the best first. Reads all ratings: once a zone's day.

    As `top` of a list: each begins with ten ratings of 3, so that one enthusiast does not outrank a hundred.
    """
    score = ExpressionWrapper(
        (Sum("score") + float(TOP_PRIOR_SUM)) / (Count("id") + float(TOP_PRIOR_COUNT)), FloatField()
    )
    rated = Rating.objects.filter(updated_at__gte=since, updated_at__lt=until, user__is_active=True)
    ranked = rated.values("recipe").annotate(day_score=score).filter(day_score__gt=MIDDLE)
    return list(ranked.order_by("-day_score", "-recipe").values_list("recipe", flat=True)[:CANDIDATES])


def contents_for(user: User, *, since: datetime, until: datetime, best: Sequence[int]) -> Contents:
    """What there is to say to USER of that time; BEST are the candidates. False when it is nothing. Four queries."""
    new = _new_to(user, since, until)
    shown = recipes_of_ids(user, [*new[:NEW], *_allowed(user, [one for one in best if one not in new])])
    shapes = {recipe["id"]: recipe for recipe in shown}
    found = Contents(
        new=[shapes[one] for one in new[:NEW] if one in shapes],
        has_more=len(new) > NEW,
        best=[shapes[one] for one in best if one in shapes and one not in new][:BEST],
    )
    if not found or not user.profile.email_notifications:
        return found
    return Contents(new=found.new, has_more=found.has_more, best=found.best, unread=unread_count(user.pk))


def _new_to(user: User, since: datetime, until: datetime) -> list[int]:
    """Recipes that were announced by those whom they follow, newest first; one more than a mail shows."""
    rows = _announced().fetch({"viewer": user.pk, "since": since, "until": until}, limit=NEW + 1)
    return [row["announces"] for row in rows]


@cache
def _announced() -> Prepared:
    """Asked once for each mail: building the queries of one took longer than all else of it together."""
    followees = Follow.objects.filter(follower=Parameter("viewer", BigAutoField())).values("followee")
    announced = Post.objects.listed_for(SIGNED_IN).filter(
        kind=Post.Kind.RECIPE,
        author__in=followees,
        published_at__gte=Parameter("since", DateTimeField()),
        published_at__lt=Parameter("until", DateTimeField()),
    )
    return Prepared(announced.order_by("-published_at", "-id").values("announces"))


def _allowed(user: User, candidates: Sequence[int]) -> list[int]:
    """Those of the CANDIDATES that are not the person's own nor by somebody whom they have muted, in their order."""
    if not candidates:
        return []
    values = {"viewer": user.pk, "ids": orjson.dumps(list(candidates)).decode()}
    allowed = {row["id"] for row in _of_others().fetch(values, limit=CANDIDATES)}
    return [one for one in candidates if one in allowed][:BEST]


@cache
def _of_others() -> Prepared:
    recipes = Recipe.objects.visible_to(SIGNED_IN).filter(unmuted(SIGNED_IN, "seller"))
    others = recipes.exclude(seller=Parameter("viewer", BigAutoField()))
    return Prepared(others.filter(AmongIds("pk", Parameter("ids", TextField()))).values("id"))
