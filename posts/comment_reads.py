"""Reading comments, and lists of what a person liked or saved: queries that are compiled once (core/prepared.py)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField, BigIntegerField, QuerySet

from core.prepared import Parameter, Prepared, PreparedPages
from posts.comment_shapes import comment_rows, comment_shape, liked_rows
from posts.models import Comment, CommentReaction, Post, PostReaction, Reaction, Save
from recipes.reads import SIGNED_IN

_ID = BigAutoField()

# Whether somebody is signed in: the parameter `viewer` is there.
Plan = bool
Beyond = Mapping[str, Parameter]
Row = dict[str, Any]


def _comments(signed_in: Plan, beyond: Beyond) -> QuerySet[Comment, Row]:
    """The comments of the visible post `post` that are no replies."""
    viewer = _viewer(signed_in)
    return comment_rows(Comment.objects.listed_for(viewer).filter(post=Parameter("post", _ID), parent=None), viewer)


def _replies(signed_in: Plan, beyond: Beyond) -> QuerySet[Comment, Row]:
    """The replies to the visible comment `parent`."""
    viewer = _viewer(signed_in)
    return comment_rows(Comment.objects.listed_for(viewer).filter(parent=Parameter("parent", _ID)), viewer)


def _liked_comments(signed_in: Plan, beyond: Beyond) -> QuerySet[CommentReaction, Row]:
    comments = Comment.objects.listed_for(SIGNED_IN).filter(
        post__in=Post.objects.listed_for(SIGNED_IN), is_deleted=False
    )
    likes = CommentReaction.objects.filter(user=SIGNED_IN.pk, kind=Reaction.LIKE, comment__in=comments)
    return liked_rows(likes)


def _liked_posts(signed_in: Plan, beyond: Beyond) -> QuerySet[PostReaction, Any]:
    posts = Post.objects.listed_for(SIGNED_IN)
    likes = PostReaction.objects.filter(user=SIGNED_IN.pk, kind=Reaction.LIKE, post__in=posts)
    return likes.values("id", "post_id")


def _saved_posts(signed_in: Plan, beyond: Beyond) -> QuerySet[Save, Any]:
    saves = Save.objects.filter(user=SIGNED_IN.pk, post__in=Post.objects.listed_for(SIGNED_IN))
    return saves.values("id", "post_id")


COMMENTS = PreparedPages[Comment, Plan](_comments)
REPLIES = PreparedPages[Comment, Plan](_replies, order=("id",))
# By the like or the save, not by what is liked or saved: rows of ids, which `posts.reads.posts_of_ids` makes posts.
LIKED_POSTS = PreparedPages[PostReaction, Plan](_liked_posts)
SAVED_POSTS = PreparedPages[Save, Plan](_saved_posts)
LIKED_COMMENTS = PreparedPages[CommentReaction, Plan](_liked_comments)


def comment_read(viewer: Any, comment_id: int) -> Row | None:
    """The comment as VIEWER sees it, None when they do not. One query."""
    values = {"comment": min(comment_id, BigIntegerField.MAX_BIGINT), "viewer": viewer.pk}
    rows = _detail(viewer.pk is not None).fetch(values, limit=1)
    return comment_shape(rows[0], viewer) if rows else None


@cache
def _detail(signed_in: bool) -> Prepared:
    viewer = _viewer(signed_in)
    return Prepared(comment_rows(Comment.objects.visible_to(viewer).filter(pk=Parameter("comment", _ID)), viewer))


def _viewer(signed_in: bool) -> Any:
    return SIGNED_IN if signed_in else AnonymousUser()
