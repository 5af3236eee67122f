"""What happens to people and their sessions."""

from dataclasses import dataclass
from typing import ClassVar

from realtime.events import Event, register


@dataclass(frozen=True, kw_only=True)
class _FollowChanged(Event):
    """`user_id` is the followed person; `follower_count` is theirs, afterwards."""

    heard_on: ClassVar[tuple[str, ...]] = ("user:{user_id}",)

    user_id: int
    follower_count: int


@register
@dataclass(frozen=True, kw_only=True)
class FollowCreated(_FollowChanged):
    """The actor follows `user_id`, who has `follower_count` followers now."""

    type: ClassVar[str] = "follow.created"


@register
@dataclass(frozen=True, kw_only=True)
class FollowDeleted(_FollowChanged):
    """The actor no longer follows `user_id`, who has `follower_count` followers now."""

    type: ClassVar[str] = "follow.deleted"


@register
@dataclass(frozen=True, kw_only=True)
class SessionRevoked(Event):
    """The session's tokens are dead from now on; sockets that were opened with one are closed."""

    type: ClassVar[str] = "session.revoked"
    reauthorize: ClassVar[bool] = True
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{user_id}",)

    user_id: int
    session_id: str
