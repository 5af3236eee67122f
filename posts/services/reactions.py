"""Liking and disliking, one of the two at a time. A like is told to everyone, a dislike to nobody.

What is done to a repost is done to the post that it shows.
"""

from contextlib import suppress
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.shapes import actor_of
from core.errors import NotFound
from posts.counters import OF_COMMENTS, OF_POSTS, ReactionCounters, ReactionCounts
from posts.events import LikeCreated, LikeDeleted
from posts.models import Comment, Notification, Post, Reaction
from posts.notify import notify
from realtime.outbox import record


@dataclass(frozen=True)
class Liked:
    """What is reacted to: a post, or with `comment_id` a comment of that post. `recipe_id`: the announced one."""

    author_id: int
    post_id: int
    comment_id: int | None
    recipe_id: int | None

    @property
    def id(self) -> int:
        return self.post_id if self.comment_id is None else self.comment_id

    @property
    def key(self) -> tuple[int, ...]:
        """What `counters` find it by."""
        return (self.post_id,) if self.comment_id is None else (self.comment_id, self.post_id)

    @property
    def counters(self) -> ReactionCounters:
        return OF_POSTS if self.comment_id is None else OF_COMMENTS


@dataclass(frozen=True)
class Reacted:
    """How things stand afterwards. `kind` is the person's own reaction, if they have one."""

    liked: Liked
    counts: ReactionCounts
    kind: Reaction | None


class _TakenBack(Exception):
    """The reaction that stood in the way of a new one is gone."""


def liked_post(post: Post) -> Liked:
    """POST, or what it reposts."""
    shown = post.original if post.original is not None else post
    return Liked(author_id=shown.author_id, post_id=shown.pk, comment_id=None, recipe_id=shown.announces_id)


def liked_comment(comment: Comment) -> Liked:
    """Needs the comment's `post` loaded."""
    return Liked(
        author_id=comment.author_id,
        post_id=comment.post_id,
        comment_id=comment.pk,
        recipe_id=comment.post.announces_id,
    )


@transaction.atomic
def reaction_set(*, user: User, liked: Liked, kind: Reaction) -> Reacted:
    """`user` likes or dislikes it from now on, instead of the other; nothing happens if so before.

    Raises NotFound when it was just deleted. `user` needs `profile__picture` loaded.
    """
    # A first reaction is put in before the thing is locked, which makes the lock short. Once it is locked, nothing may
    # be inserted: a rival request of the same person may have done so, and waits for the lock.
    while not liked.counters.insert(liked.id, user.pk, kind, timezone.now()):
        # A savepoint, for it lets the lock go when it is rolled back.
        with suppress(_TakenBack), transaction.atomic():
            return _change(user, liked, kind)
    counts = _add(liked, likes=int(kind == Reaction.LIKE), dislikes=int(kind == Reaction.DISLIKE))
    if kind == Reaction.LIKE:
        _tell(LikeCreated, user, liked, counts)
    return Reacted(liked, counts, kind)


def _change(user: User, liked: Liked, kind: Reaction) -> Reacted:
    counts = _lock(liked)
    before = liked.counters.kind_of(liked.id, user.pk)
    if before is None:
        raise _TakenBack
    if before == kind:
        return Reacted(liked, counts, kind)
    liked.counters.change(liked.id, user.pk, kind, timezone.now())
    change = 1 if kind == Reaction.LIKE else -1
    counts = _add(liked, likes=change, dislikes=-change)
    _tell(LikeCreated if kind == Reaction.LIKE else LikeDeleted, user, liked, counts)
    return Reacted(liked, counts, kind)


@transaction.atomic
def reaction_delete(*, user: User, liked: Liked, kind: Reaction) -> Reacted:
    """Takes back that `user` likes, or dislikes, it; nothing happens when they do not. Errors as of `reaction_set`."""
    counts = _lock(liked)
    if not liked.counters.delete(liked.id, user.pk, kind):
        return Reacted(liked, counts, liked.counters.kind_of(liked.id, user.pk))
    counts = _add(liked, likes=-int(kind == Reaction.LIKE), dislikes=-int(kind == Reaction.DISLIKE))
    if kind == Reaction.LIKE:
        _tell(LikeDeleted, user, liked, counts)
    return Reacted(liked, counts, None)


def _lock(liked: Liked) -> ReactionCounts:
    return _there(liked, liked.counters.lock(*liked.key))


def _add(liked: Liked, *, likes: int, dislikes: int) -> ReactionCounts:
    return _there(liked, liked.counters.add(*liked.key, likes=likes, dislikes=dislikes))


def _there(liked: Liked, counts: ReactionCounts | None) -> ReactionCounts:
    if counts is None:
        raise NotFound(f"There is no such {'post' if liked.comment_id is None else 'comment'}.")
    return counts


def _tell(event: type[LikeCreated] | type[LikeDeleted], user: User, liked: Liked, counts: ReactionCounts) -> None:
    record(
        event(
            actor=actor_of(user),
            post_id=liked.post_id,
            recipe_id=liked.recipe_id,
            comment_id=liked.comment_id,
            like_count=counts.like_count,
        )
    )
    notify(
        Notification.Kind.LIKE,
        actor_id=user.pk,
        recipient_id=liked.author_id,
        post_id=liked.post_id,
        comment_id=liked.comment_id,
        recipe_id=liked.recipe_id,
    )
