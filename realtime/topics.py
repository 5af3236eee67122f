"""One channel as one server process sees it: its readers, and how far its events have been delivered."""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from realtime.channels import Namespace
from realtime.protocol import Close, publication_push, text_frame
from realtime.store import StoredEvent

if TYPE_CHECKING:
    from realtime.connections import Connection

log = logging.getLogger(__name__)

# Lines joined into one WebSocket frame; clients cap a message at 1 MiB and more.
FRAME_BYTES = 48 * 1024


class Topic:
    """Delivers events in the order of their offsets, each once, encoded and framed once for all readers.

    `offset` is the last one delivered. Events come from the bus and from the store, in any mixture; what is not the
    next one is either old (dropped) or shows a gap (the caller fills it from the store).
    """

    __slots__ = (
        "_lines",
        "behind",
        "channel",
        "doubtful",
        "joined",
        "joining",
        "lock",
        "namespace",
        "offset",
        "opened",
        "pending",
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
        # An event said that rights have changed, and the readers have not all been asked yet.
        self.doubtful = False
        self.readers: set[Connection] = set()
        # Readers whose recovery is being read from the store: what is delivered meanwhile waits here for them.
        self.pending: dict[Connection, list[bytes]] = {}
        self._lines: list[bytes] = []

    @property
    def empty(self) -> bool:
        return not self.readers and not self.pending

    def connections(self) -> set["Connection"]:
        return self.readers | self.pending.keys()

    def accept(self, events: Iterable[StoredEvent]) -> bool:
        """Queues those events that are next; False when a gap is left before one of them. `flush` sends them."""
        for event in events:
            if event.offset <= self.offset:
                continue
            if event.offset != self.offset + 1:
                return False
            self.offset = event.offset
            self._lines.append(publication_push(self.channel, event.offset, event.data))
        return True

    def flush(self) -> None:
        """Sends what is queued: as few frames as fit, each built once and handed to every reader."""
        lines, self._lines = self._lines, []
        for waiting in self.pending.values():
            waiting += lines
        if not self.readers:
            return
        for payload in _joined(lines):
            frame = text_frame(payload)
            # A copy: a reader that is dropped meanwhile leaves the set.
            for reader in tuple(self.readers):
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
