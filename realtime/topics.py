"""One channel as one server process sees it: its readers, and how far its events have been delivered."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Set
from typing import TYPE_CHECKING

from realtime.channels import Namespace
from realtime.counts import counts
from realtime.events import Reauthorize
from realtime.hiding import NOBODY, Pushes
from realtime.protocol import Close, text_frame
from realtime.store import StoredEvent
from realtime.transport import FRAME_BYTES
from realtime.waiting import Kind, Waiting

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
        "fenced",
        "hiders",
        "joined",
        "joining",
        "listener",
        "lock",
        "namespace",
        "offset",
        "opened",
        "queues",
        "readers",
        "waiting",
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
        # The number of the newest fence here (realtime/waiting.py): an answer to an earlier question does not count.
        # What happened before this process followed the channel went unnoticed, so opening a topic counts as a fence.
        self.fenced = 0
        self.readers: set[Connection] = set()
        # Those of them from whom anybody is hidden: usually none, so that one look at it is all that hiding costs.
        self.hiders: set[Connection] = _NO_HIDERS
        # Those for whom the events wait instead, and where: many may share one queue.
        self.waiting: dict[Connection, Waiting] = {}
        self.queues: list[Waiting] = []
        # This process itself, which keeps the topic open without any reader (realtime/hints.py).
        self.listener: Callable[[list[StoredEvent]], None] | None = None
        self._events: list[StoredEvent] = []

    @property
    def empty(self) -> bool:
        return not self.readers and not self.waiting and self.listener is None

    def connections(self) -> set["Connection"]:
        return self.readers | self.waiting.keys()

    def subscribed(self) -> set["Connection"]:
        """Those whose subscribe has been answered."""
        return self.readers.union(*(queue.readers for queue in self.queues if queue.answered))

    def is_unanswered(self, connection: "Connection") -> bool:
        """Whether the reply to its subscribe has not been sent: nothing can be said of the subscription yet."""
        queue = self.waiting.get(connection)
        return queue is not None and not queue.answered

    # --- Waiting ---------------------------------------------------------------------------------------

    def register(self, connection: "Connection") -> None:
        """Has the events wait for `connection` from now on, until `admit`."""
        self._queue(Waiting({connection}, answered=False))

    def forget_waiting(self, connection: "Connection") -> None:
        """Drops what waits for `connection`, which has everything up to `offset` from the store."""
        if (queue := self.waiting.get(connection)) is not None:
            queue.forget()

    def admit(self, connection: "Connection") -> None:
        """The reply to the subscribe of `connection` has been sent: what waited follows, up to the first fence."""
        self.flush()
        queue = self.waiting.get(connection)
        if queue is not None:
            queue.answered = True
            self._release(queue)

    def fence(self, connections: "Set[Connection]", kind: Kind, number: int) -> None:
        """Has what follows wait for those of `connections` who read here."""
        self.flush()
        for queue in tuple(self.queues):
            if held := queue.readers & connections:
                self._apart(queue, held).fence(kind, number)
        if held := self.readers & connections:
            self.readers -= held
            if self.hiders:
                self.hiders -= held
            queue = Waiting(held, answered=True)
            queue.fence(kind, number)
            self._queue(queue)

    def fenced_off(self, kind: Kind) -> set["Connection"]:
        """Those who wait behind a fence of that kind."""
        return set().union(*(queue.readers for queue in self.queues if queue.is_behind(kind)))

    def lift(self, connections: "Set[Connection]", kind: Kind, before: int) -> None:
        """Lifts the fences of that kind below the number `before` for those of `connections`, who may read on."""
        for queue in tuple(self.queues):
            if queue.is_behind(kind, before) and (passing := queue.readers & connections):
                queue = self._apart(queue, passing)
                queue.lift(kind, before)
                self._release(queue)

    def dismiss(self, connection: "Connection") -> None:
        self.readers.discard(connection)
        if self.hiders:
            self.hiders.discard(connection)
        queue = self.waiting.pop(connection, None)
        if queue is not None:
            queue.readers.discard(connection)
            if not queue.readers and queue in self.queues:
                self.queues.remove(queue)

    def _queue(self, queue: Waiting) -> None:
        self.queues.append(queue)
        self.waiting.update(dict.fromkeys(queue.readers, queue))

    def _apart(self, queue: Waiting, readers: "set[Connection]") -> Waiting:
        """A queue of those `readers` of `queue` alone."""
        if len(readers) == len(queue.readers):
            return queue
        apart = queue.split(readers)
        self._queue(apart)
        return apart

    def _release(self, queue: Waiting) -> None:
        """Sends what no fence holds back, and makes its readers ordinary ones when none stands any more."""
        if not queue.answered:
            return
        if events := queue.take():
            self._deliver(events, queue.readers, [reader for reader in queue.readers if reader.hidden], waited=True)
        if queue.fences or queue not in self.queues:
            return
        self.queues.remove(queue)
        for reader in queue.readers:
            del self.waiting[reader]
            self.readers.add(reader)
            if reader.hidden:
                self.sort(reader)
        if not self.waiting:
            self.waiting = {}  # an emptied one keeps its size

    # --- Delivery --------------------------------------------------------------------------------------

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
        if self.queues:
            self._have_wait(events)
        if self.listener is not None:
            self.listener(events)
        if self.readers:
            self._deliver(events, self.readers, self.hiders)

    def _have_wait(self, events: list[StoredEvent]) -> None:
        for queue in tuple(self.queues):
            if not queue.add(events):
                log.warning("waiting_full channel=%s readers=%d", self.channel, len(queue.readers))
                for reader in tuple(queue.readers):
                    reader.lose_position(self)

    def _deliver(
        self,
        events: list[StoredEvent],
        readers: "Set[Connection]",
        hiders: "Collection[Connection]",
        *,
        waited: bool = False,
    ) -> None:
        """`hiders`: those of `readers` from whom anybody is hidden."""
        counts.deliveries += len(events) * len(readers)
        pushes = Pushes(self.channel, events)
        others: Collection[Connection] = readers
        if hiders:
            apart = _who_hides(hiders, events)
            for hidden, hiding in apart.items():
                self._send(hiding, pushes.lines_for(hidden), waited)
            others = readers - set().union(*apart.values()) if apart else readers
        self._send(others, pushes.lines_for(NOBODY), waited)

    def _send(self, readers: "Collection[Connection]", lines: list[bytes], waited: bool) -> None:
        for payload in _joined(lines):
            frame = text_frame(payload)
            # A copy: a reader that is dropped meanwhile leaves the set.
            for reader in tuple(readers):
                try:
                    if waited:
                        # What waited is no slowness of the reader.
                        reader.sink.reply(payload)
                    else:
                        reader.sink.push(payload, frame)
                except Exception:
                    # Whatever is wrong with this socket, the others are to get theirs; it comes back and recovers.
                    log.exception("push_failed channel=%s", self.channel)
                    reader.close(Close.SERVER_ERROR, "internal server error")


def _who_hides(
    readers: "Iterable[Connection]", events: Iterable[StoredEvent]
) -> "dict[frozenset[int], list[Connection]]":
    """Readers by those of the events' actors and authors who are hidden from them; not those who see everybody."""
    users = {user for event in events for user in (event.actor_id, event.author_id) if user}
    apart: dict[frozenset[int], list[Connection]] = {}
    for reader in readers:
        if hidden := reader.hidden & users:
            apart.setdefault(hidden, []).append(reader)
    return apart


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
