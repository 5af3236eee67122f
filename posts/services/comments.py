"""Writing comments and replies. Each locks the post before the comment, so that the counts in its event are exact."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.shapes import actor_of
from core.errors import Conflict, Forbidden, NotFound
from core.versions import require_version
from posts.comment_shapes import comment_event_shape
from posts.counters import add_comments, add_replies, insert_comment, lock_post
from posts.events import CommentCreated, CommentDeleted, CommentUpdated
from posts.forgetting import BLANK_COMMENT
from posts.models import Comment, Notification, Post
from posts.moderation.audit import audit_removal
from posts.notify import notify
from realtime.outbox import record, record_job


def require_comment_author(user: User, comment: Comment) -> None:
    if comment.author_id != user.pk:
        raise Forbidden("Only its author may change a comment.", code="not_author")


@transaction.atomic
def comment_create(*, user: User, post: Post, text: str) -> Comment:
    """Comments on POST, or on what it reposts. Raises NotFound when that was just deleted."""
    shown = post.original if post.original is not None else post
    comment = _insert(user, shown, None, text)
    count = _count(shown, +1)
    _record(CommentCreated, user, comment, comment_count=count, reply_count=None)
    notify(
        Notification.Kind.COMMENT,
        actor_id=user.pk,
        recipient_id=shown.author_id,
        post_id=shown.pk,
        recipe_id=shown.announces_id,
    )
    _notify_mentioned(comment, comment.text)
    return comment


@transaction.atomic
def reply_create(*, user: User, parent: Comment, text: str) -> Comment:
    """Replies to PARENT, whose `post` must be loaded.

    Raises Conflict (`reply_to_reply`) when that is itself a reply, NotFound when it is deleted, or its post.
    """
    if parent.parent_id is not None:
        raise Conflict("This is a reply: reply to the comment above it.", code="reply_to_reply")
    comment = _insert(user, parent.post, parent, text)
    count = _count(parent.post, +1)
    replies, is_deleted = add_replies(parent.pk, +1) or (0, True)
    if is_deleted:
        raise _gone()
    _record(CommentCreated, user, comment, comment_count=count, reply_count=replies)
    _notify_replied(comment)
    _notify_mentioned(comment, comment.text)
    return comment


@transaction.atomic
def comment_update(*, user: User, comment: Comment, text: str, expected: set[int] | None = None) -> Comment:
    """Changes the text; nothing happens, and no event, when it is the same. Returns the comment as it is now.

    Raises Forbidden, PreconditionFailed when its version is none of `expected`, NotFound when it is deleted.
    """
    require_comment_author(user, comment)
    comment, count = _lock(comment, expected)
    before = comment.text
    if text == before:
        return comment
    comment.text = text
    comment.version += 1
    comment.save(update_fields=["text", "version", "updated_at"])
    replies = comment.parent.reply_count if comment.parent is not None else None
    _record(CommentUpdated, user, comment, comment_count=count, reply_count=replies)
    _notify_mentioned(comment, before + text)
    return comment


@transaction.atomic
def comment_delete(*, user: User, comment: Comment, expected: set[int] | None = None) -> None:
    """Takes the words away for good; the place stays while there are replies. Who moderates is not named in the event.

    Raises Forbidden, PreconditionFailed, NotFound as `comment_update` does.
    """
    if comment.author_id != user.pk and not user.is_moderator:
        raise Forbidden("Only its author or a moderator may delete a comment.", code="not_author")
    comment, _ = _lock(comment, expected)
    before, comment.text = comment.text, ""
    comment.is_deleted = True
    comment.version += 1
    comment.save(update_fields=["text", "is_deleted", "version", "updated_at"])
    count = _count(comment.post, -1)
    replies, _ = (None, None) if comment.parent_id is None else add_replies(comment.parent_id, -1) or (None, None)
    is_own = comment.author_id == user.pk
    _record(CommentDeleted, user if is_own else None, comment, comment_count=count, reply_count=replies)
    if not is_own:
        audit_removal(user, "comment", comment.pk, owner_id=comment.author_id)
    # What was told of it before holds the words, too.
    record_job(BLANK_COMMENT, comment_id=comment.pk)
    if comment.parent is None:
        notify(
            Notification.Kind.COMMENT,
            actor_id=comment.author_id,
            recipient_id=comment.post.author_id,
            post_id=comment.post_id,
            recipe_id=comment.post.announces_id,
        )
    else:
        _notify_replied(comment)
    _notify_mentioned(comment, before)


def _insert(user: User, post: Post, parent: Comment | None, text: str) -> Comment:
    """The new comment, before anything is locked: that makes the locks short."""
    now = timezone.now()
    parent_id = parent.pk if parent is not None else None
    comment_id = insert_comment(post_id=post.pk, parent_id=parent_id, author_id=user.pk, text=text, at=now)
    return Comment(id=comment_id, post=post, parent=parent, author=user, text=text, created_at=now, updated_at=now)


def _count(post: Post, change: int) -> int:
    count = add_comments(post.pk, change)
    if count is None:
        raise NotFound("There is no such post.")
    return count


def _lock(comment: Comment, expected: set[int] | None) -> tuple[Comment, int]:
    """The comment as it is now, which nobody else changes until the commit, and its post's `comment_count`."""
    counts = lock_post(comment.post_id)
    # The parent's count, too, changes only while the post is locked.
    loaded = Comment.objects.select_related("post", "parent", "author__profile__picture")
    locked = loaded.select_for_update(of=("self",), no_key=True).filter(pk=comment.pk, is_deleted=False).first()
    if counts is None or locked is None:
        raise _gone()
    require_version(locked, expected, thing="comment")
    return locked, counts.comment_count


def _gone() -> NotFound:
    return NotFound("There is no such comment.")


def _record(
    event: type[CommentCreated] | type[CommentUpdated] | type[CommentDeleted],
    actor: User | None,
    comment: Comment,
    *,
    comment_count: int,
    reply_count: int | None,
) -> None:
    record(
        event(
            actor=actor_of(actor) if actor is not None else None,
            post_id=comment.post_id,
            recipe_id=comment.post.announces_id,
            comment_id=comment.pk,
            parent_id=comment.parent_id,
            content_author_id=comment.author_id,
            comment=comment_event_shape(comment),
            comment_count=comment_count,
            reply_count=reply_count,
        )
    )


def _notify_replied(reply: Comment) -> None:
    assert reply.parent is not None
    notify(
        Notification.Kind.REPLY,
        actor_id=reply.author_id,
        recipient_id=reply.parent.author_id,
        post_id=reply.post_id,
        comment_id=reply.parent.pk,
        recipe_id=reply.post.announces_id,
    )


def _notify_mentioned(comment: Comment, texts: str) -> None:
    """TEXTS are those that the comment had and has: who is named no longer is told so as well."""
    if "@" in texts:
        notify(
            Notification.Kind.MENTION,
            actor_id=comment.author_id,
            post_id=comment.post_id,
            comment_id=comment.pk,
            recipe_id=comment.post.announces_id,
        )
