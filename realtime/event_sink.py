"""The sending half of an event stream (SSE): pushes come in as for any socket and wait, as events, for the writer."""

import asyncio
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import orjson

from realtime import event_ids
from realtime.counts import counts
from realtime.protocol import Close, Position
from realtime.transport import MAX_BUFFERED

log = logging.getLogger(__name__)


class _Push(NamedTuple):
    channel: str
    # 0 of a channel that keeps nothing; None when `text` ends the subscription.
    offset: int | None
    text: bytes


@lru_cache(maxsize=32)
def _pushes(payload: bytes) -> tuple[_Push, ...]:
    """The pushes of `payload` as the texts of events: taken apart once for all streams that are handed it."""
    found = []
    for line in payload.split(b"\n"):
        push = orjson.loads(line).get("push", {})
        if "pub" in push:
            publication = {"channel": push["channel"], **push["pub"]}
            found.append(_Push(push["channel"], push["pub"].get("offset", 0), event_text(publication)))
        elif "unsubscribe" in push:
            ended = {"channel": push["channel"], **push["unsubscribe"]}
            found.append(_Push(push["channel"], None, event_text(ended, name=b"unsubscribed")))
    return tuple(found)


def event_text(data: object, *, name: bytes = b"") -> bytes:
    """An event without its id. JSON has no line breaks, so its data is one line."""
    named = b"event: %b\n" % name if name else b""
    return b"%bdata: %b\n\n" % (named, orjson.dumps(data))


class EventSink:
    """A `realtime.transport.Sink`: no method blocks. One writer takes what waits (`take`) and says what went (`sent`).

    `follows` are the channels that the client asked for; what is pushed on others (the inbox, which is heard for the
    sake of rights) is dropped. `slow` comes true when more than MAX_BUFFERED bytes wait, recoveries not counted.
    """

    def __init__(self, follows: Iterable[str]) -> None:
        self.ended = False
        self.slow = asyncio.Event()
        self.waiting = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self._follows = set(follows)
        self._epoch = ""
        self._places: dict[str, bytes] = {}
        self._owed: dict[str, Position] = {}
        self._queue: list[bytes] = []
        self._unsent = 0
        self._allowance = 0

    # --- What the hub calls --------------------------------------------------------------------------

    def push(self, payload: bytes, frame: bytes, allowance: int = 0) -> None:
        self._take_in(payload)
        self._allowance += allowance
        if self._unsent > MAX_BUFFERED + self._allowance and not self.slow.is_set():
            counts.slow += 1
            log.info("stream_dropped code=%d unsent=%d", Close.SLOW, self._unsent)
            self._queue.clear()
            self.slow.set()

    def reply(self, payload: bytes) -> None:
        before = self._unsent
        self._take_in(payload)
        self._allowance += self._unsent - before

    def close(self, code: int, reason: str) -> None:
        if not self.ended:
            self._enqueue(event_text({"code": int(code), "reason": reason}, name=b"end"))
            self._end()

    @property
    def congested(self) -> bool:
        return not self.ended and self._unsent > MAX_BUFFERED

    def pause_reading(self) -> None:
        """There is nothing to read of a client that has asked."""

    resume_reading = pause_reading

    # --- What the stream calls -----------------------------------------------------------------------

    def retry(self, milliseconds: int) -> None:
        """How long the client waits before it comes back."""
        self._enqueue(b"retry: %d\n\n" % milliseconds)

    def owe(self, channel: str, since: Position) -> None:
        """The client was at `since` and has not been told yet what it missed: until then its ids say so."""
        self._owed[channel] = since

    def begin(self, channel: str, *, epoch: str, offset: int) -> None:
        """From here on the client is at `offset` of `channel`."""
        if not self._epoch:
            self._epoch = epoch
            for other, since in self._owed.items():
                self._places[other] = event_ids.place(other, since.offset if since.epoch == epoch else None)
        self._places[channel] = event_ids.place(channel, offset)

    def position(self) -> None:
        """Tells the client where it is, without an event that its page would see."""
        self._enqueue(self._id() + b"\n")

    def reset(self, channel: str, offset: int | None) -> None:
        """Tells the client that it has missed something of `channel` and goes on after `offset`."""
        data: dict[str, object] = {"channel": channel}
        if offset is None:
            self._places.pop(channel, None)
        else:
            data["offset"] = offset
        self._enqueue(self._id() + event_text(data, name=b"reset"))

    def recovered(self, channel: str, events: Iterable[tuple[int, bytes]]) -> None:
        """What the client has missed: (offset, data), in order. However much it is, it does not count as slowness."""
        before = self._unsent
        for offset, data in events:
            self._places[channel] = event_ids.place(channel, offset)
            publication = {"channel": channel, "offset": offset, "data": orjson.Fragment(data)}
            self._enqueue(self._id() + event_text(publication))
        self._allowance += self._unsent - before

    def _take_in(self, payload: bytes) -> None:
        for push in _pushes(payload):
            if push.channel not in self._follows or self.ended or self.slow.is_set():
                continue
            if push.offset is None:
                self._enqueue(push.text)
                self._follows.discard(push.channel)
                if not self._follows:
                    self._end()
            else:
                if push.offset:
                    self._places[push.channel] = event_ids.place(push.channel, push.offset)
                self._enqueue(self._id() + push.text)

    def comment(self) -> None:
        """Something that no client shows, so that nobody between takes the stream for dead."""
        self._enqueue(b":\n\n")

    @property
    def waits(self) -> bool:
        return bool(self._queue)

    def take(self) -> bytes:
        """All that waits. It counts as unsent until `sent` is called."""
        taken = b"".join(self._queue)
        self._queue.clear()
        if not self.ended:
            self.waiting.clear()
        return taken

    def sent(self, size: int) -> None:
        self._unsent -= size
        if not self.congested:
            self.room.set()
        if not self._unsent:
            self._allowance = 0

    def _id(self) -> bytes:
        return b"id: %b\n" % event_ids.encode(self._epoch, list(self._places.values()))

    def _enqueue(self, text: bytes) -> None:
        if self.ended:
            return
        self._queue.append(text)
        self._unsent += len(text)
        self.waiting.set()
        if self.congested:
            self.room.clear()

    def _end(self) -> None:
        self.ended = True
        self.waiting.set()
        self.room.set()
