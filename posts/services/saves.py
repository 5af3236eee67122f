"""Saving posts for later. Nobody hears of it; what is saved of a repost is the post that it shows."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.errors import NotFound
from posts.counters import add_saves, delete_save, insert_save, lock_post
from posts.models import Post


@transaction.atomic
def save_set(*, user: User, post: Post) -> int:
    """`user` keeps the post among the saved ones; nothing happens if so before. Returns the post's save_count.

    Raises NotFound when it was just deleted.
    """
    post_id = post.original_id or post.pk
    # Before the lock, as a reaction is (posts/services/reactions.py).
    if insert_save(post_id=post_id, user_id=user.pk, at=timezone.now()):
        return _there(add_saves(post_id, +1))
    return _lock(post_id)


@transaction.atomic
def save_delete(*, user: User, post: Post) -> int:
    """Takes the post out of the saved ones; nothing happens if it is not there. Answer and errors as of `save_set`."""
    post_id = post.original_id or post.pk
    count = _lock(post_id)
    if delete_save(post_id=post_id, user_id=user.pk):
        return _there(add_saves(post_id, -1))
    return count


def _lock(post_id: int) -> int:
    counts = lock_post(post_id)
    return _there(None if counts is None else counts.save_count)


def _there(save_count: int | None) -> int:
    if save_count is None:
        raise NotFound("There is no such post.")
    return save_count
