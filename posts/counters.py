"""The statements that keep the counters of posts and comments exact, by hand: they are what a like costs.

All run on PostgreSQL and SQLite. An UPDATE of a counter locks its row until the commit, in the order post, comment; a
row that it counts is put in before, so that the lock is short, or taken out after. None of them reads a counter to
write it back. `posts/reconciling.py` proves the result every night.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from posts.models import Comment, CommentReaction, Post, PostReaction, Reaction, Save


@dataclass(frozen=True)
class ReactionCounts:
    """A post's or a comment's own counts, as one statement left them."""

    like_count: int
    dislike_count: int


@dataclass(frozen=True)
class PostCounts:
    """A post's other counts, while it is locked."""

    comment_count: int
    save_count: int


# SQLite has one writer at a time, and no such clauses. The second lets in who changes the row, and keeps it there.
_LOCKS = connection.features.has_select_for_no_key_update
_FOR_UPDATE = " FOR NO KEY UPDATE" if _LOCKS else ""
_FOR_SHARE = " FOR KEY SHARE" if _LOCKS else ""


class ReactionCounters:
    """What reactions to one kind of thing (posts, comments) do to its counters.

    `key` is the reactions' column that says which thing; `where` finds the thing by the numbers that `add` is given.
    """

    def __init__(self, things: type[Model], reactions: type[Model], key: str, where: str) -> None:
        thing, reaction = things._meta.db_table, reactions._meta.db_table
        of_person = f"{key} = %s AND user_id = %s"
        # ruff: noqa: S608  the names are those of our own tables
        self._insert = (
            f"INSERT INTO {reaction} ({key}, user_id, kind, created_at) VALUES (%s, %s, %s, %s) "
            f"ON CONFLICT ({key}, user_id) DO NOTHING RETURNING id"
        )
        self._add = (
            f"UPDATE {thing} SET like_count = like_count + %s, dislike_count = dislike_count + %s "
            f"WHERE {where} RETURNING like_count, dislike_count"
        )
        self._lock = f"SELECT like_count, dislike_count FROM {thing} WHERE {where}{_FOR_UPDATE}"
        self._kind = f"SELECT kind FROM {reaction} WHERE {of_person}"
        self._change = f"UPDATE {reaction} SET kind = %s, created_at = %s WHERE {of_person}"
        self._delete = f"DELETE FROM {reaction} WHERE {of_person} AND kind = %s RETURNING id"

    def insert(self, thing_id: int, user_id: int, kind: Reaction, at: datetime) -> bool:
        """Whether the person had no reaction to it, and has this one now. Waits for a rival request of theirs."""
        return _one(self._insert, [thing_id, user_id, kind.value, _when(at)]) is not None

    def add(self, *thing: int, likes: int, dislikes: int) -> ReactionCounts | None:
        """Adds to the counters and locks the thing (the parameters of `where`); None when it was deleted meanwhile."""
        return _counts(_one(self._add, [likes, dislikes, *thing]))

    def lock(self, *thing: int) -> ReactionCounts | None:
        """Locks the thing as `add` does."""
        return _counts(_one(self._lock, [*thing]))

    def kind_of(self, thing_id: int, user_id: int) -> Reaction | None:
        """The person's reaction, which nobody changes while the caller has the lock."""
        row = _one(self._kind, [thing_id, user_id])
        return None if row is None else Reaction(row[0])

    def change(self, thing_id: int, user_id: int, kind: Reaction, at: datetime) -> None:
        """Makes the person's reaction another one, as if it were new."""
        with connection.cursor() as cursor:
            cursor.execute(self._change, [kind.value, _when(at), thing_id, user_id])

    def delete(self, thing_id: int, user_id: int, kind: Reaction) -> bool:
        """Whether there was such a reaction to take away."""
        return _one(self._delete, [thing_id, user_id, kind.value]) is not None


OF_POSTS = ReactionCounters(Post, PostReaction, "post_id", "id = %s")
# The post first, and only so that it stays: who deletes it then finds all reactions to its comments, or none.
OF_COMMENTS = ReactionCounters(
    Comment,
    CommentReaction,
    "comment_id",
    f"id = %s AND NOT is_deleted AND post_id = (SELECT id FROM {Post._meta.db_table} WHERE id = %s{_FOR_SHARE})",
)

_POST, _COMMENT, _SAVE = (model._meta.db_table for model in (Post, Comment, Save))
_INSERT_COMMENT = (
    f"INSERT INTO {_COMMENT} (post_id, parent_id, author_id, text, created_at, updated_at, "
    "is_deleted, version, like_count, dislike_count, reply_count) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, 1, 0, 0, 0) RETURNING id"
)
_ADD_COMMENTS = f"UPDATE {_POST} SET comment_count = comment_count + %s WHERE id = %s RETURNING comment_count"
_ADD_REPLIES = f"UPDATE {_COMMENT} SET reply_count = reply_count + %s WHERE id = %s RETURNING reply_count, is_deleted"
_LOCK_POST = f"SELECT comment_count, save_count FROM {_POST} WHERE id = %s{_FOR_UPDATE}"
_INSERT_SAVE = (
    f"INSERT INTO {_SAVE} (post_id, user_id, created_at) VALUES (%s, %s, %s) "
    "ON CONFLICT (post_id, user_id) DO NOTHING RETURNING id"
)
_DELETE_SAVE = f"DELETE FROM {_SAVE} WHERE post_id = %s AND user_id = %s RETURNING id"
_ADD_SAVES = f"UPDATE {_POST} SET save_count = save_count + %s WHERE id = %s RETURNING save_count"


def insert_comment(*, post_id: int, parent_id: int | None, author_id: int, text: str, at: datetime) -> int:
    """The new comment's id. Nothing is counted yet."""
    when = _when(at)
    row = _one(_INSERT_COMMENT, [post_id, parent_id, author_id, text, when, when, False])
    assert row is not None
    return int(row[0])


def add_comments(post_id: int, change: int) -> int | None:
    """The post's `comment_count` with CHANGE, and the post locked; None when it was deleted meanwhile."""
    return _number(_one(_ADD_COMMENTS, [change, post_id]))


def add_replies(parent_id: int, change: int) -> tuple[int, bool] | None:
    """The comment's `reply_count` with CHANGE, and whether it is a tombstone; None when it is gone altogether."""
    row = _one(_ADD_REPLIES, [change, parent_id])
    return None if row is None else (int(row[0]), bool(row[1]))


def lock_post(post_id: int) -> PostCounts | None:
    """Locks the post as the counters do; None when it is gone."""
    row = _one(_LOCK_POST, [post_id])
    return None if row is None else PostCounts(comment_count=row[0], save_count=row[1])


def insert_save(*, post_id: int, user_id: int, at: datetime) -> bool:
    """Whether the person had not saved the post, and has now. Waits for a rival request of theirs."""
    return _one(_INSERT_SAVE, [post_id, user_id, _when(at)]) is not None


def delete_save(*, post_id: int, user_id: int) -> bool:
    """Whether the person had saved the post, and has no longer."""
    return _one(_DELETE_SAVE, [post_id, user_id]) is not None


def add_saves(post_id: int, change: int) -> int | None:
    """The post's `save_count` with CHANGE, and the post locked; None when it was deleted meanwhile."""
    return _number(_one(_ADD_SAVES, [change, post_id]))


def _one(sql: str, params: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _when(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _counts(row: tuple[Any, ...] | None) -> ReactionCounts | None:
    return None if row is None else ReactionCounts(like_count=row[0], dislike_count=row[1])


def _number(row: tuple[Any, ...] | None) -> int | None:
    return None if row is None else int(row[0])
