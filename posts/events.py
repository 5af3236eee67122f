"""What happens to posts, comments, notifications and data exports. Recorded by services only; every value is absolute.

An announcement's events are heard on its recipe's channel, too: `recipe_id` is the announced recipe, None for others.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from realtime.events import Event, register

_ON_POST = ("post:{post_id}", "recipe:{recipe_id}")


@register
@dataclass(frozen=True, kw_only=True)
class PostPublished(Event):
    """A new post; the actor is its author. `text` and `media` are empty of a premium one, which is `locked`.

    Heard by followers as a hint on their `feed:{id}`, and by everyone on the author's `user:{id}` unless it is for
    followers only. `media` is a list of media shapes, `original_id` what a repost shows.
    """

    type: ClassVar[str] = "post.published"
    heard_on: ClassVar[tuple[str, ...]] = ("feeds", "user:{author_id}")
    content: ClassVar[tuple[str, ...]] = ("text", "tags", "media")

    post_id: int
    author_id: int
    kind: str
    visibility: str
    locked: bool
    text: str
    tags: list[str]
    media: list[dict[str, Any]]
    recipe_id: int | None
    original_id: int | None
    published_at: str

    def channels(self) -> list[str]:
        everyone = super().channels()
        return everyone if self.visibility != "followers" else everyone[:1]


@register
@dataclass(frozen=True, kw_only=True)
class PostUpdated(Event):
    """The author edited it (`version` went up), or its media became ready (no actor, the same `version`).

    Who may no longer read it hears nothing more. An edit that leaves it to followers comes without `text`, `tags` and
    `media`, for everybody who could read it before hears of that: read the post again.
    """

    type: ClassVar[str] = "post.updated"
    heard_on: ClassVar[tuple[str, ...]] = ("post:{post_id}",)
    reauthorize: ClassVar[bool] = True
    content: ClassVar[tuple[str, ...]] = ("text", "tags", "media")

    post_id: int
    visibility: str
    locked: bool
    text: str
    tags: list[str]
    media: list[dict[str, Any]]
    version: int


@register
@dataclass(frozen=True, kw_only=True)
class PostDeleted(Event):
    """The last event of its channel: afterwards nobody may read it."""

    type: ClassVar[str] = "post.deleted"
    heard_on: ClassVar[tuple[str, ...]] = ("post:{post_id}",)
    reauthorize: ClassVar[bool] = True

    post_id: int


@dataclass(frozen=True, kw_only=True)
class _RepostChanged(Event):
    """`post_id` is the original, `repost_id` the repost; `repost_count` is the original's, afterwards."""

    heard_on: ClassVar[tuple[str, ...]] = _ON_POST

    post_id: int
    recipe_id: int | None
    repost_id: int
    repost_count: int


@register
@dataclass(frozen=True, kw_only=True)
class RepostCreated(_RepostChanged):
    """The actor reposted it."""

    type: ClassVar[str] = "repost.created"


@register
@dataclass(frozen=True, kw_only=True)
class RepostDeleted(_RepostChanged):
    """The actor took the repost back."""

    type: ClassVar[str] = "repost.deleted"


@dataclass(frozen=True, kw_only=True)
class _LikeChanged(Event):
    """A like of the post, or of its comment `comment_id`; `like_count` is that thing's, afterwards."""

    heard_on: ClassVar[tuple[str, ...]] = _ON_POST

    post_id: int
    recipe_id: int | None
    comment_id: int | None
    like_count: int


@register
@dataclass(frozen=True, kw_only=True)
class LikeCreated(_LikeChanged):
    """The actor likes it."""

    type: ClassVar[str] = "like.created"


@register
@dataclass(frozen=True, kw_only=True)
class LikeDeleted(_LikeChanged):
    """The actor took the like back, or made it a dislike (which nobody is told)."""

    type: ClassVar[str] = "like.deleted"


@dataclass(frozen=True, kw_only=True)
class _CommentChanged(Event):
    """`comment` is the comment shape as everyone sees it, of a deleted one without text; `comment_count` the post's.

    `parent_id` is set of a reply, and `reply_count` is then the parent's.
    """

    heard_on: ClassVar[tuple[str, ...]] = _ON_POST
    content: ClassVar[tuple[str, ...]] = ("comment",)

    post_id: int
    recipe_id: int | None
    comment_id: int
    parent_id: int | None
    comment: dict[str, Any]
    comment_count: int
    reply_count: int | None


@register
@dataclass(frozen=True, kw_only=True)
class CommentCreated(_CommentChanged):
    """The actor commented on it, or replied to a comment."""

    type: ClassVar[str] = "comment.created"


@register
@dataclass(frozen=True, kw_only=True)
class CommentUpdated(_CommentChanged):
    """The author changed the comment."""

    type: ClassVar[str] = "comment.updated"


@register
@dataclass(frozen=True, kw_only=True)
class CommentDeleted(_CommentChanged):
    """The comment is gone (a tombstone, if it has replies). No actor when a moderator removed it."""

    type: ClassVar[str] = "comment.deleted"


@register
@dataclass(frozen=True, kw_only=True)
class NotificationCreated(Event):
    """A new notification, or somebody joined one that is still unread: the same id, then.

    Of the notification's `actors` there is the newest alone, who is also the event's: put them before those you have.
    """

    type: ClassVar[str] = "notification.created"
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{recipient_id}",)
    # Hence the one actor: whoever is hidden from the reader by the time of a recovery must not stand beside another.
    content: ClassVar[tuple[str, ...]] = ("notification",)

    recipient_id: int
    notification: dict[str, Any]
    unread_count: int


@register
@dataclass(frozen=True, kw_only=True)
class NotificationRead(Event):
    """Notifications were read, or went because what they told of was taken back. `ids` are those concerned."""

    type: ClassVar[str] = "notification.read"
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{recipient_id}",)

    recipient_id: int
    ids: list[int]
    unread_count: int


@register
@dataclass(frozen=True, kw_only=True)
class ExportReady(Event):
    """The person's data export has been made: GET `/api/me/export/` has its address, until `expires_at`."""

    type: ClassVar[str] = "export.ready"
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{user_id}",)

    user_id: int
    size: int
    expires_at: str


@register
@dataclass(frozen=True, kw_only=True)
class ExportFailed(Event):
    """The person's data export could not be made: it may be asked for again."""

    type: ClassVar[str] = "export.failed"
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{user_id}",)

    user_id: int
