"""Saving posts for later. Nobody hears of it; what is saved of a repost is the post that it shows."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.errors import NotFound
from posts.counters import add_saves, delete_save, insert_save, lock_post
from posts.models import Post


@transaction.atomic
def save_set(*, user: User, post: Post) -> None:
    """`user` keeps the post among the saved ones; nothing happens if so before. NotFound when it was just deleted."""
    post_id = post.original_id or post.pk
    # Before the lock, as a reaction is (posts/services/reactions.py).
    if insert_save(post_id=post_id, user_id=user.pk, at=timezone.now()):
        _there(add_saves(post_id, +1))


@transaction.atomic
def save_delete(*, user: User, post: Post) -> None:
    """Takes the post out of the saved ones; nothing happens if it is not there. Errors as of `save_set`."""
    post_id = post.original_id or post.pk
    _there(lock_post(post_id))
    if delete_save(post_id=post_id, user_id=user.pk):
        _there(add_saves(post_id, -1))


def _there(found: int | None) -> None:
    if found is None:
        raise NotFound("There is no such post.")
