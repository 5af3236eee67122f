"""Posts that wait for their time: nobody but the author sees them, and nothing is told of them until then."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.errors import Invalid, NotFound
from core.versions import require_version
from media_pipeline.services import media_discard
from posts.models import Post
from posts.publishing import publish_now
from posts.services.content import (
    PostContent,
    lock_post,
    media_of,
    require_something,
    set_content,
    take_media,
    write_media,
)

AT_LEAST = timedelta(minutes=1)
AT_MOST = timedelta(days=365)


class ScheduledContent(PostContent, total=False):
    """What an author may change before it is published. `publish_at` None: publish it now."""

    publish_at: datetime | None


@transaction.atomic
def post_schedule(*, user: User, content: PostContent, publish_at: datetime) -> Post:
    """Keeps a post until it is due. Raises Invalid as `post_create` does, and for a time too soon or too far."""
    _require_time(publish_at)
    post = Post(author=user, status=Post.Status.SCHEDULED, publish_at=publish_at, published_at=publish_at)
    media = take_media(user=user, content=content) or []
    set_content(user=user, post=post, content=content)
    require_something(post, media)
    post.save(force_insert=True)
    write_media(post=post, media=media)
    return post


@transaction.atomic
def scheduled_update(*, user: User, post: Post, changes: ScheduledContent, expected: set[int] | None = None) -> Post:
    """Changes what differs, the time included; with `publish_at` None it is published at once, under the same id.

    For its author. Raises Invalid, PreconditionFailed when its version is none of `expected`, NotFound when it was
    just published or deleted. `user` needs `profile__picture` loaded.
    """
    wanted = take_media(user=user, content=changes)
    post = _lock(post)
    require_version(post, expected, thing="post")
    changed = set_content(user=user, post=post, content=changes)
    publish_at = changes.get("publish_at")
    if publish_at is not None and publish_at != post.publish_at:
        _require_time(publish_at)
        post.publish_at = post.published_at = publish_at
        changed += ["publish_at", "published_at"]
    media_changed = wanted is not None and write_media(post=post, media=wanted)
    if changed or media_changed:
        require_something(post, media_of(post))
        post.version += 1
        post.save(update_fields=[*changed, "version", "updated_at"])
    if "publish_at" in changes and publish_at is None:
        publish_now(post, author=user)
    return post


@transaction.atomic
def scheduled_delete(*, post: Post, expected: set[int] | None = None) -> None:
    """Deletes it with its media, by its author. Raises PreconditionFailed and NotFound as `scheduled_update` does."""
    post = _lock(post)
    require_version(post, expected, thing="post")
    media = media_of(post)
    post.delete()
    for one in media:
        media_discard(media=one)


def _lock(post: Post) -> Post:
    locked = lock_post(post)
    if locked.status != Post.Status.SCHEDULED:
        raise NotFound("There is no such scheduled post: it has been published.")
    return locked


def _require_time(publish_at: datetime) -> None:
    now = timezone.now()
    if publish_at < now + AT_LEAST:
        raise _invalid("At least a minute from now.")
    if publish_at > now + AT_MOST:
        raise _invalid("At most a year from now.")


def _invalid(message: str) -> Invalid:
    return Invalid(f"publish_at: {message}", errors={"publish_at": [message]})
