"""The proof, every night, that the stored counters are true; what drifted is mended and logged.

Not among them: `view_count`, whose rows are deleted after the day.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, IntegerField, Manager, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Follow, Profile
from posts.models import Comment, CommentReaction, Post, PostReaction, Reaction, Save
from recipes.models import Recipe

log = logging.getLogger(__name__)

BATCH = 1_000


@dataclass(frozen=True)
class _Counted:
    """A table with counters: `truths` are subqueries that count what each column stands for."""

    rows: Manager[Any]
    truths: Mapping[str, Coalesce]


def _count_of(model: type[Model], key: str, **which: Any) -> Coalesce:
    """How many rows of MODEL, narrowed by WHICH, have the outer row's id in the column KEY."""
    rows: QuerySet[Any, Any] = model._default_manager.filter(**{key: OuterRef("pk")}, **which)
    counts = rows.order_by().values(key).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


_COUNTED = (
    _Counted(
        Post.objects,
        {
            "like_count": _count_of(PostReaction, "post", kind=Reaction.LIKE),
            "dislike_count": _count_of(PostReaction, "post", kind=Reaction.DISLIKE),
            "comment_count": _count_of(Comment, "post", is_deleted=False),
            "repost_count": _count_of(Post, "original"),
            "save_count": _count_of(Save, "post"),
        },
    ),
    _Counted(
        Comment.objects,
        {
            "like_count": _count_of(CommentReaction, "comment", kind=Reaction.LIKE),
            "dislike_count": _count_of(CommentReaction, "comment", kind=Reaction.DISLIKE),
            "reply_count": _count_of(Comment, "parent", is_deleted=False),
        },
    ),
    _Counted(
        Profile.objects,
        {
            "post_count": _count_of(Post, "author", kind=Post.Kind.STATUS, status=Post.Status.PUBLISHED),
            "recipe_count": _count_of(Recipe, "seller"),
            "follower_count": _count_of(Follow, "followee"),
            "following_count": _count_of(Follow, "follower"),
        },
    ),
)


def reconcile_counters(*, batch: int = BATCH) -> int:
    """Compares every counter with the rows that it counts, and returns how many rows had to be mended.

    Each batch is one query without locks; only a row that looks wrong is locked and counted again.
    """
    mended = sum(_reconcile(counted, batch) for counted in _COUNTED)
    log.log(logging.WARNING if mended else logging.INFO, "counters_reconciled mended=%d", mended)
    return mended


def _reconcile(counted: _Counted, batch: int) -> int:
    mended = after = 0
    by_id = counted.rows.order_by("pk").values_list("pk", flat=True)
    while ids := list(by_id.filter(pk__gt=after)[:batch]):
        suspects = _compared(counted).filter(pk__in=ids).filter(_drifted(counted))
        mended += sum(_mend(counted, pk) for pk in suspects.values_list("pk", flat=True))
        after = ids[-1]
    return mended


def _compared(counted: _Counted) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = counted.rows.annotate(
        **{f"true_{name}": truth for name, truth in counted.truths.items()}
    )
    return rows


def _drifted(counted: _Counted) -> Q:
    """That any counter is not what it should be."""
    return ~Q(**{name: F(f"true_{name}") for name in counted.truths})


def _mend(counted: _Counted, pk: int) -> bool:
    with transaction.atomic():
        # Whoever changes a counter holds this lock from then on to their commit.
        if counted.rows.select_for_update(no_key=True).filter(pk=pk).values_list("pk").first() is None:
            return False
        names = list(counted.truths)
        row = _compared(counted).values(*names, *(f"true_{name}" for name in names)).get(pk=pk)
        truth = {name: row[f"true_{name}"] for name in names if row[name] != row[f"true_{name}"]}
        if not truth:
            return False  # something was on its way while we looked
        log.warning(
            "counter_drift table=%s id=%d %s",
            counted.rows.model._meta.db_table,
            pk,
            " ".join(f"{name}={row[name]} true={true}" for name, true in truth.items()),
        )
        counted.rows.filter(pk=pk).update(**truth)
    return True
