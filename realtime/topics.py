"""One channel as one server process sees it: its readers, and how far its events have been delivered."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from realtime.channels import Namespace
from realtime.counts import counts
from realtime.events import Reauthorize
from realtime.hiding import NOBODY, Pushes
from realtime.protocol import Close, text_frame
from realtime.store import StoredEvent
from realtime.transport import FRAME_BYTES

if TYPE_CHECKING:
    from realtime.connections import Connection

log = logging.getLogger(__name__)

# Of topics that have none, which are most: nobody is ever added to it.
_NO_HIDERS: "set[Connection]" = set()


class Topic:
    """Delivers events in the order of their offsets, each once, encoded and framed once for all readers.

    `offset` is the last one delivered. Events come from the bus and from the store, in any mixture; what is not the
    next one is either old (dropped) or shows a gap (the caller fills it from the store).
    """

    __slots__ = (
        "_events",
        "behind",
        "channel",
        "doubtful",
        "hiders",
        "joined",
        "joining",
        "listener",
        "lock",
        "namespace",
        "offset",
        "opened",
        "pending",
        "questions",
        "readers",
    )

    def __init__(self, channel: str, namespace: Namespace) -> None:
        self.channel = channel
        self.namespace = namespace
        self.offset = 0
        # The offset above is known (read from the store once, after joining the bus).
        self.opened = False
        self.joined = False
        self.joining: asyncio.Task[None] | None = None
        # Reads of the store for this topic are one at a time.
        self.lock = asyncio.Lock()
        # There is more in the store than was delivered: it is read now, or at the hub's next look.
        self.behind = False
        # Events said that rights have changed, and not all those concerned have been asked yet.
        self.doubtful = Reauthorize.NOBODY
        # How often that was: whoever is about to be a reader looks whether their answer is older.
        self.questions = 0
        self.readers: set[Connection] = set()
        # Those of them from whom anybody is hidden: usually none, so that one look at it is all that hiding costs.
        self.hiders: set[Connection] = _NO_HIDERS
        # Readers whose recovery is being read from the store: what is delivered meanwhile waits here for them.
        self.pending: dict[Connection, list[StoredEvent]] = {}
        # This process itself, which keeps the topic open without any reader (realtime/hints.py).
        self.listener: Callable[[list[StoredEvent]], None] | None = None
        self._events: list[StoredEvent] = []

    @property
    def empty(self) -> bool:
        return not self.readers and not self.pending and self.listener is None

    def connections(self) -> set["Connection"]:
        return self.readers | self.pending.keys()

    def admit(self, connection: "Connection") -> bytes:
        """Makes a pending connection a reader. Returns what waited for it, as one payload."""
        self.flush()
        events = self.pending.pop(connection, None)
        if events is None:
            return b""
        if not self.pending:
            self.pending = {}  # an emptied one keeps its size
        self.readers.add(connection)
        self.sort(connection)
        return b"\n".join(Pushes(self.channel, events).lines_for(connection.hidden)) if events else b""

    def dismiss(self, connection: "Connection") -> None:
        self.readers.discard(connection)
        if self.hiders:
            self.hiders.discard(connection)
        self.pending.pop(connection, None)

    def sort(self, connection: "Connection") -> None:
        """Notes whether anybody is hidden from that reader: call it whenever this may have changed."""
        if connection.hidden and connection in self.readers:
            if not self.hiders:
                self.hiders = set()
            self.hiders.add(connection)
        elif self.hiders:
            self.hiders.discard(connection)

    def accept(self, events: Iterable[StoredEvent]) -> bool:
        """Queues those events that are next; False when a gap is left before one of them. `flush` sends them."""
        for event in events:
            if event.offset <= self.offset:
                continue
            if event.offset != self.offset + 1:
                return False
            self.offset = event.offset
            self._events.append(event)
        return True

    def hint(self, data: bytes) -> None:
        """Sends `data` to the readers at once, without an offset: it is no part of the stream, if there is one."""
        self._events.append(StoredEvent(0, data, None, Reauthorize.NOBODY))
        self.flush()

    def flush(self) -> None:
        """Sends what is queued: as few frames as fit, each built once and handed to every reader.

        Those who hide an actor get frames of their own, shared by all who hide the same people among the actors.
        """
        events, self._events = self._events, []
        if not events:
            return
        for waiting in self.pending.values():
            waiting += events
        if self.listener is not None:
            self.listener(events)
        if not self.readers:
            return
        counts.deliveries += len(events) * len(self.readers)
        pushes = Pushes(self.channel, events)
        others: Collection[Connection] = self.readers
        if self.hiders:
            apart = self._who_hides({event.actor_id for event in events if event.actor_id})
            for hidden, readers in apart.items():
                self._send(readers, pushes.lines_for(hidden))
            others = self.readers.difference(*apart.values()) if apart else self.readers
        self._send(others, pushes.lines_for(NOBODY))

    def _who_hides(self, actors: set[int]) -> "dict[frozenset[int], list[Connection]]":
        """Readers by those of `actors` who are hidden from them; not those who see everybody."""
        apart: dict[frozenset[int], list[Connection]] = {}
        for reader in self.hiders:
            if hidden := reader.hidden & actors:
                apart.setdefault(hidden, []).append(reader)
        return apart

    def _send(self, readers: "Collection[Connection]", lines: list[bytes]) -> None:
        for payload in _joined(lines):
            frame = text_frame(payload)
            # A copy: a reader that is dropped meanwhile leaves the set.
            for reader in tuple(readers):
                try:
                    reader.sink.push(payload, frame)
                except Exception:
                    # Whatever is wrong with this socket, the others are to get theirs; it comes back and recovers.
                    log.exception("push_failed channel=%s", self.channel)
                    reader.close(Close.SERVER_ERROR, "internal server error")


def _joined(lines: list[bytes]) -> Iterable[bytes]:
    if len(lines) == 1:
        yield lines[0]
        return
    start = size = 0
    for index, line in enumerate(lines):
        if size and size + len(line) > FRAME_BYTES:
            yield b"\n".join(lines[start:index])
            start, size = index, 0
        size += len(line) + 1
    if lines:
        yield b"\n".join(lines[start:])
