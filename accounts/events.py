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


@dataclass(frozen=True, kw_only=True)
class _BlockChanged(Event):
    """Told to the one who blocks alone; the other one hears `rights.changed`."""

    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{blocker_id}",)
    reauthorize_reader: ClassVar[bool] = True

    blocker_id: int
    blocked_id: int


@register
@dataclass(frozen=True, kw_only=True)
class BlockCreated(_BlockChanged):
    """`blocker_id` has blocked `blocked_id`: the two see nothing of each other from now on."""

    type: ClassVar[str] = "block.created"


@register
@dataclass(frozen=True, kw_only=True)
class BlockDeleted(_BlockChanged):
    """`blocker_id` has taken the block of `blocked_id` away."""

    type: ClassVar[str] = "block.deleted"


@dataclass(frozen=True, kw_only=True)
class _MuteChanged(Event):
    """Told to the one who mutes alone."""

    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{muter_id}",)
    reauthorize_reader: ClassVar[bool] = True

    muter_id: int
    muted_id: int


@register
@dataclass(frozen=True, kw_only=True)
class MuteCreated(_MuteChanged):
    """`muter_id` no longer hears of `muted_id`."""

    type: ClassVar[str] = "mute.created"


@register
@dataclass(frozen=True, kw_only=True)
class MuteDeleted(_MuteChanged):
    """`muter_id` hears of `muted_id` again."""

    type: ClassVar[str] = "mute.deleted"


@register
@dataclass(frozen=True, kw_only=True)
class RightsChanged(Event):
    """What this person may read has changed (a follow ended, premium began or ended, somebody blocked them).

    It does not say why. Subscriptions that they lost are ended; clients read what they show again.
    """

    type: ClassVar[str] = "rights.changed"
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{user_id}",)
    reauthorize_reader: ClassVar[bool] = True

    user_id: int
