"""Reposting: somebody's post shown to one's own followers, once. A repost of a repost is one of the original."""

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.shapes import actor_of
from core.errors import Conflict, NotFound
from posts.events import PostDeleted, RepostCreated, RepostDeleted
from posts.models import Notification, Post
from posts.notify import notify
from posts.publication import publish
from posts.services.content import lock_post
from realtime.events import Actor
from realtime.outbox import record


@transaction.atomic
def repost_create(*, user: User, post: Post) -> tuple[Post, bool]:
    """`user` reposts POST, which needs its `original` loaded. (repost, whether it is new.)

    Raises Conflict (`not_public`) of what is for followers only, NotFound when it was just deleted. `user` needs
    `profile__picture` loaded.
    """
    original = lock_post(post.original or post)
    if original.visibility == Post.Visibility.FOLLOWERS:
        raise Conflict("What is for followers only cannot be reposted.", code="not_public")
    existing = _reposts().filter(author=user, original=original).first()
    if existing is not None:
        return existing, False
    repost = Post.objects.create(author=user, kind=Post.Kind.REPOST, original=original)
    count = _count(original, +1)
    publish(repost, author=user, media=[])
    record(
        RepostCreated(
            actor=actor_of(user),
            post_id=original.pk,
            recipe_id=original.announces_id,
            repost_id=repost.pk,
            repost_count=count,
        )
    )
    _notify(original, user.pk)
    return repost, True


@transaction.atomic
def repost_delete(*, user: User, post: Post) -> None:
    """`user` takes the repost of POST back; nothing happens when there is none."""
    repost = _reposts().filter(author=user, original=post.original_id or post.pk).first()
    if repost is not None:
        repost_remove(repost=repost, actor=actor_of(user))


@transaction.atomic
def repost_remove(*, repost: Post, actor: Actor | None) -> None:
    """Deletes that repost; nothing happens when somebody else just did. NotFound when its original is gone."""
    assert repost.original_id is not None
    original = Post.objects.select_for_update(of=("self",)).filter(pk=repost.original_id).first()
    if original is None:
        raise NotFound("There is no such post.")
    _remove(original, Post.objects.filter(pk=repost.pk).first(), actor)


def end_reposts(original: Post) -> None:
    """Deletes all reposts of a post that the caller has locked; each is told of, by nobody."""
    for repost in _reposts().filter(original=original).order_by("pk"):
        _remove(original, repost, None)


def tell_of_reposts(original: Post) -> None:
    """Tells the readers of the reposts that they go with ORIGINAL, which the caller has locked and will delete."""
    reposts = _reposts().select_for_update(of=("self",)).filter(original=original).order_by("pk")
    for repost_id in reposts.values_list("pk", flat=True):
        record(PostDeleted(actor=None, post_id=repost_id))


def _remove(original: Post, repost: Post | None, actor: Actor | None) -> None:
    if repost is None:
        return
    repost_id, person_id = repost.pk, repost.author_id
    repost.delete()
    count = _count(original, -1)
    record(
        RepostDeleted(
            actor=actor,
            post_id=original.pk,
            recipe_id=original.announces_id,
            repost_id=repost_id,
            repost_count=count,
        )
    )
    record(PostDeleted(actor=actor, post_id=repost_id))
    _notify(original, person_id)


def _reposts() -> QuerySet[Post]:
    return Post.objects.filter(kind=Post.Kind.REPOST)


def _count(original: Post, change: int) -> int:
    """The original's `repost_count` with CHANGE; it is locked, so nobody else changes it."""
    Post.objects.filter(pk=original.pk).update(repost_count=F("repost_count") + change)
    original.repost_count += change
    return original.repost_count


def _notify(original: Post, person_id: int) -> None:
    notify(
        Notification.Kind.REPOST,
        actor_id=person_id,
        recipient_id=original.author_id,
        post_id=original.pk,
        recipe_id=original.announces_id,
    )
