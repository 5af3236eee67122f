"""Readers of one channel whose events wait, in order: until their subscribe is answered, or until a fence is lifted.

A *fence* stands behind an event that may change who reads: what follows waits until the reader's right was checked
again (realtime/fence.py says when, and by which event).
"""

from collections.abc import Collection
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from realtime.store import StoredEvent

if TYPE_CHECKING:
    from realtime.connections import Connection

# More than this does not wait: its readers lose their position and recover, which checks their right as well.
WAITING_EVENTS = 1000
WAITING_BYTES = 1024 * 1024

_numbers = count(1)


def next_number() -> int:
    """Numbers fences and questions to the database in their order: an answer counts for all fences before its question.

    One sequence for the process.
    """
    return next(_numbers)


class Kind(Enum):
    """What has to be checked before a fence is lifted."""

    # Who may read this channel.
    CHANNEL = "channel"
    # What this user may read at all, whose words are hidden from them, whether their session lives.
    USER = "user"


class Fence(NamedTuple):
    kind: Kind
    number: int
    # How many of the waiting events come before it.
    behind: int


class Waiting:
    """Readers for whom the same events wait, behind the same fences.

    `answered`: the reply to their subscribe has been sent, so that pushes may follow.
    """

    __slots__ = ("_size", "answered", "events", "fences", "readers")

    def __init__(self, readers: "Collection[Connection]", *, answered: bool) -> None:
        self.readers: set[Connection] = set(readers)
        self.answered = answered
        self.events: list[StoredEvent] = []
        self.fences: list[Fence] = []
        self._size = 0

    def add(self, events: Collection[StoredEvent]) -> bool:
        """Has `events` wait. False when more waits now than may."""
        self.events += events
        self._size += sum(len(event.data) for event in events)
        return len(self.events) <= WAITING_EVENTS and self._size <= WAITING_BYTES

    def fence(self, kind: Kind, number: int) -> None:
        self.fences.append(Fence(kind, number, len(self.events)))

    def is_behind(self, kind: Kind, before: int | None = None) -> bool:
        """Whether a fence of that kind stands here, with a number below `before` if given."""
        return any(fence.kind is kind and (before is None or fence.number < before) for fence in self.fences)

    def lift(self, kind: Kind, before: int) -> None:
        """Takes the fences of that kind away whose number is below `before`."""
        self.fences = [fence for fence in self.fences if fence.kind is not kind or fence.number >= before]

    def split(self, readers: "Collection[Connection]") -> "Waiting":
        """A copy for those of its readers, who leave this one."""
        apart = Waiting(readers, answered=self.answered)
        apart.events, apart.fences, apart._size = list(self.events), list(self.fences), self._size
        self.readers.difference_update(readers)
        return apart

    def take(self) -> list[StoredEvent]:
        """Takes out the events before the first fence; all of them when none stands."""
        if not self.fences:
            taken, self.events, self._size = self.events, [], 0
            return taken
        behind = min(fence.behind for fence in self.fences)
        taken, self.events = self.events[:behind], self.events[behind:]
        self.fences = [fence._replace(behind=fence.behind - behind) for fence in self.fences]
        self._size -= sum(len(event.data) for event in taken)
        return taken

    def forget(self) -> None:
        """Drops what waits: the readers have it from the store."""
        self.events = []
        self._size = 0
        self.fences = [fence._replace(behind=0) for fence in self.fences]
