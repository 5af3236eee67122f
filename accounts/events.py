"""What happens to people and their sessions."""

from dataclasses import dataclass
from typing import ClassVar

from realtime.events import Event, register


@dataclass(frozen=True, kw_only=True)
class _FollowChanged(Event):
    """`user_id` is the followed person; `follower_count` is theirs, afterwards."""

    user_id: int
    follower_count: int

    def channels(self) -> list[str]:
        return [f"user:{self.user_id}"]


@register
@dataclass(frozen=True, kw_only=True)
class FollowCreated(_FollowChanged):
    type: ClassVar[str] = "follow.created"


@register
@dataclass(frozen=True, kw_only=True)
class FollowDeleted(_FollowChanged):
    type: ClassVar[str] = "follow.deleted"


@register
@dataclass(frozen=True, kw_only=True)
class SessionRevoked(Event):
    """The session's tokens are dead from now on; sockets that were opened with one are closed."""

    type: ClassVar[str] = "session.revoked"
    reauthorize: ClassVar[bool] = True

    user_id: int
    session_id: str

    def channels(self) -> list[str]:
        return [f"inbox:{self.user_id}"]
