"""Comments as clients see them: plain functions over rows; none of them queries."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import FilteredRelation, Q, QuerySet

from accounts.shapes import short_user_fields, short_user_from
from posts.models import Comment, CommentReaction, Reaction

_OWN = (
    *("id", "post_id", "parent_id", "text", "like_count", "dislike_count", "reply_count"),
    *("is_deleted", "version", "created_at", "updated_at"),
)
_FIELDS = (*_OWN, *short_user_fields("author__"))
_NOBODY = AnonymousUser()


def comment_rows(comments: QuerySet[Comment], viewer: Any) -> QuerySet[Comment, dict[str, Any]]:
    """COMMENTS as rows for `comment_shape`, with the viewer's own reaction: one query whatever their number."""
    rows: QuerySet[Comment, dict[str, Any]]
    if viewer.pk is None:
        rows = comments.values(*_FIELDS)
        return rows
    own = FilteredRelation("reactions", condition=Q(reactions__user=viewer.pk))
    rows = comments.alias(own_reaction=own).values(*_FIELDS, "own_reaction__kind")
    return rows


def comment_shape(row: Mapping[str, Any], viewer: Any, prefix: str = "") -> dict[str, Any]:
    """A comment as VIEWER, for whom the row was read, sees it. Of a tombstone neither text nor author are told."""
    is_deleted = row[f"{prefix}is_deleted"]
    reaction = row.get(f"{prefix}own_reaction__kind")
    return {
        "id": row[f"{prefix}id"],
        "post_id": row[f"{prefix}post_id"],
        "parent_id": row[f"{prefix}parent_id"],
        "author": None if is_deleted else short_user_from(row, f"{prefix}author__"),
        "text": "" if is_deleted else row[f"{prefix}text"],
        "like_count": row[f"{prefix}like_count"],
        "dislike_count": row[f"{prefix}dislike_count"] if row[f"{prefix}author__id"] == viewer.pk else None,
        "reply_count": row[f"{prefix}reply_count"],
        "is_liked": reaction == Reaction.LIKE,
        "is_disliked": reaction == Reaction.DISLIKE,
        "is_deleted": is_deleted,
        "version": row[f"{prefix}version"],
        "created_at": row[f"{prefix}created_at"],
        "updated_at": row[f"{prefix}updated_at"],
    }


def comment_shapes(rows: Iterable[Mapping[str, Any]], viewer: Any) -> list[dict[str, Any]]:
    return [comment_shape(row, viewer) for row in rows]


def liked_rows(likes: QuerySet[CommentReaction]) -> QuerySet[CommentReaction, dict[str, Any]]:
    """LIKES as rows for `liked_shapes`."""
    rows: QuerySet[CommentReaction, dict[str, Any]] = likes.values("id", *(f"comment__{name}" for name in _FIELDS))
    return rows


def liked_shapes(rows: Iterable[Mapping[str, Any]], viewer: Any) -> list[dict[str, Any]]:
    """The comments of VIEWER's own likes."""
    return [{**comment_shape(row, viewer, "comment__"), "is_liked": True} for row in rows]


def comment_shape_of(comment: Comment, viewer: Any = _NOBODY) -> dict[str, Any]:
    """A loaded comment to which VIEWER has not reacted. Needs `author__profile__picture`."""
    author = comment.author
    picture = author.profile.picture
    row = {
        **{name: getattr(comment, name) for name in _OWN},
        "author__id": author.pk,
        "author__username": author.username,
        "author__display_name": author.display_name,
        "author__role": author.role,
        "author__profile__picture__renditions": picture.renditions if picture is not None else None,
    }
    return comment_shape(row, viewer)


def comment_event_shape(comment: Comment) -> dict[str, Any]:
    """A loaded comment as everyone sees it, in JSON's own types."""
    shape = comment_shape_of(comment)
    return {**shape, "created_at": shape["created_at"].isoformat(), "updated_at": shape["updated_at"].isoformat()}
