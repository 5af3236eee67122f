"""Writing, changing and deleting posts. Each records its event after the statement that locks the post."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import Profile, User
from accounts.shapes import actor_of
from core.errors import Forbidden
from core.versions import require_version
from media_pipeline.services import media_discard
from posts.events import PostDeleted, PostUpdated
from posts.forgetting import BLANK_POST
from posts.models import Notification, Post
from posts.moderation.audit import audit_removal
from posts.notify import notify
from posts.publication import public_content, publish, write_tags
from posts.services.content import (
    PostContent,
    lock_post,
    media_of,
    media_shapes,
    require_author,
    require_own_words,
    require_something,
    set_content,
    take_media,
    write_media,
)
from posts.services.reposts import end_reposts, repost_remove, tell_of_reposts
from posts.text import mentions
from realtime.outbox import record, record_job


def require_author_or_moderator(user: User, post: Post) -> None:
    if post.author_id != user.pk and not user.is_moderator:
        raise Forbidden("Only its author or a moderator may delete a post.", code="not_author")


@transaction.atomic
def post_create(*, user: User, content: PostContent) -> Post:
    """Publishes a post. `user` needs `profile__picture` loaded. Raises Invalid, and what `image_create` raises."""
    post = Post(author=user)
    media = take_media(user=user, content=content) or []
    set_content(user=user, post=post, content=content)
    require_something(post, media)
    post.save(force_insert=True)
    write_media(post=post, media=media)
    publish(post, author=user, media=media_shapes(media))
    return post


@transaction.atomic
def post_update(*, user: User, post: Post, changes: PostContent, expected: set[int] | None = None) -> Post:
    """Changes what differs; nothing happens, and no event, when nothing does. Returns the post as it is now.

    For followers only, it can no longer be shown by others: its reposts go. Raises Forbidden, Conflict
    (`announcement`, `repost`), Invalid, PreconditionFailed when its version is none of `expected`, NotFound when it
    was just deleted.
    """
    require_author(user, post)
    require_own_words(post)
    wanted = take_media(user=user, content=changes)
    post = lock_post(post)
    require_version(post, expected, thing="post")
    mentioned = set(mentions(post.text))
    changed = set_content(user=user, post=post, content=changes)
    media_changed = wanted is not None and write_media(post=post, media=wanted)
    if not changed and not media_changed:
        return post
    media = media_of(post)
    require_something(post, media)
    post.version += 1
    post.save(update_fields=[*changed, "version", "updated_at"])
    if "tag_names" in changed:
        write_tags(post)
    narrowed = "visibility" in changed and post.visibility == Post.Visibility.FOLLOWERS
    if narrowed:
        end_reposts(post)
    if "visibility" in changed and post.visibility != Post.Visibility.PUBLIC:
        record_job(BLANK_POST, post_id=post.pk, author_id=post.author_id)
    if set(mentions(post.text)) != mentioned or (mentioned and "visibility" in changed):
        notify(Notification.Kind.MENTION, actor_id=user.pk, post_id=post.pk)
    record(
        PostUpdated(
            actor=actor_of(user),
            content_author_id=post.author_id,
            post_id=post.pk,
            version=post.version,
            # Everybody who could read it before hears of this, and is asked for the right to hear more only then.
            **public_content(post, media_shapes(media), withheld=narrowed),
        )
    )
    return post


@transaction.atomic
def post_delete(*, user: User, post: Post, expected: set[int] | None = None) -> None:
    """Deletes a post with all that belongs to it, its media and its reposts included; a repost is taken back.

    A moderator is not named in the event, but in the audit. Raises Forbidden, Conflict (`announcement`),
    PreconditionFailed and NotFound as `post_update` does.
    """
    require_author_or_moderator(user, post)
    if post.author_id != user.pk:
        audit_removal(user, "post", post.pk, owner_id=post.author_id)
    if post.kind == Post.Kind.REPOST:
        repost_remove(repost=post, actor=actor_of(user) if post.author_id == user.pk else None)
        return
    require_own_words(post)
    post = lock_post(post)
    require_version(post, expected, thing="post")
    media = media_of(post)
    record(PostDeleted(actor=actor_of(user) if post.author_id == user.pk else None, post_id=post.pk))
    record_job(BLANK_POST, post_id=post.pk, author_id=post.author_id)
    tell_of_reposts(post)
    post.delete()
    Profile.objects.filter(user=post.author_id).update(post_count=F("post_count") - 1)
    for one in media:
        media_discard(media=one)


@transaction.atomic
def post_media_changed(*, media_id: UUID) -> None:
    """Tells the readers of the posts that show this media that it is ready."""
    posts = Post.objects.select_for_update(of=("self",), no_key=True)
    # No channel of a closed account may carry its words: the users who read them are not allowed to any more.
    for post in posts.filter(post_media__media=media_id, author__is_active=True).order_by("pk"):
        # Asked once it is locked: it may have been published while this waited.
        if post.status == Post.Status.PUBLISHED:
            content = public_content(post, media_shapes(media_of(post)))
            record(
                PostUpdated(
                    actor=None,
                    content_author_id=post.author_id,
                    post_id=post.pk,
                    version=post.version,
                    **content,
                )
            )
