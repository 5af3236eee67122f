"""The moment a post becomes public: written at once, when its time has come, as a repost or by a recipe."""

from typing import Any

from django.conf import settings
from django.db.models import F

from accounts.models import Profile, User
from accounts.shapes import actor_of
from posts.events import PostPublished
from posts.models import Notification, Post, PostTag
from posts.notify import notify
from realtime.outbox import record, record_job
from recipes.models import Tag


def publish(post: Post, *, author: User, media: list[dict[str, Any]]) -> None:
    """Counts the saved POST, finds it by its tags, tells of it and has it written into feeds. In a transaction.

    `author` needs `profile__picture` loaded. MEDIA are its media shapes.
    """
    write_tags(post)
    if post.kind == Post.Kind.STATUS:
        Profile.objects.filter(user=author).update(post_count=F("post_count") + 1)
    # Locked as a follow locks it: whoever follows later finds the post, whoever has followed is counted here.
    profile = Profile.objects.select_for_update(no_key=True).filter(user=author)
    followers = profile.values_list("follower_count", flat=True).get()
    if followers > settings.FEED_FAN_OUT_MAX:
        post.is_pulled = True
        post.save(update_fields=["is_pulled"])
    elif followers:
        record_job("posts.fan_out", post_id=post.pk)
    if "@" in post.text:
        notify(Notification.Kind.MENTION, actor_id=author.pk, post_id=post.pk)
    record(
        PostPublished(
            actor=actor_of(author),
            post_id=post.pk,
            author_id=author.pk,
            kind=post.kind,
            recipe_id=post.announces_id or post.recipe_id,
            original_id=post.original_id,
            published_at=post.published_at.isoformat(),
            **public_content(post, media),
        )
    )


def public_content(post: Post, media: list[dict[str, Any]], *, withheld: bool = False) -> dict[str, Any]:
    """What events say of a post: no event carries a locked body. An announcement's visibility is its recipe's.

    WITHHELD: its words are left out, for those hear of it who may no longer read them.
    """
    visibility = post.visibility if post.announces is None else post.announces.visibility
    locked = visibility == Post.Visibility.PREMIUM
    return {
        "visibility": visibility,
        "locked": locked,
        "text": "" if locked or withheld else post.text,
        "tags": [] if withheld else post.tag_names,
        "media": [] if locked or withheld else media,
    }


def write_tags(post: Post) -> None:
    """Makes POST be found by its `tag_names`, and by no others."""
    names = post.tag_names
    PostTag.objects.filter(post=post).exclude(tag__name__in=names).delete()
    if not names:
        return
    ids = Tag.objects.made(names)
    PostTag.objects.bulk_create(
        [PostTag(post=post, tag_id=tag_id, published_at=post.published_at) for tag_id in ids], ignore_conflicts=True
    )
