"""Publishing: numbered events go out on the bus, from a thread with an event loop of its own.

It may lose messages, and says how many: hubs read the store every second. It must never hold numbering up.
"""

import asyncio
import logging
import math
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import uvloop
from channels.layers import get_channel_layer

from realtime.bus import (
    CONTROL_CHANNEL,
    CONTROL_TYPE,
    EPHEMERAL_TYPE,
    MESSAGE_TYPE,
    BusEvent,
    BusMessage,
    EphemeralMessage,
    encode_data,
    group_of,
)
from realtime.channels import is_control
from realtime.events import reauthorizes
from realtime.numbering import NumberedEvent
from realtime.shards import shard_of

logger = logging.getLogger(__name__)

# A publish takes 0.1 ms. One that takes this long finds a Redis in trouble, and the breaker opens: what comes
# meanwhile is dropped, which costs the readers up to a second.
PUBLISH_SECONDS = 0.2
BREAKER_SECONDS = 1.0
# Messages that may wait for the bus.
QUEUE = 10_000
# How long the end of the relay may wait for them.
DRAIN_SECONDS = 2.0


def messages_of(events: Iterable[NumberedEvent]) -> list[BusMessage]:
    """One message for each channel among `events`; control messages first, by the position of their last control event.

    `control` of each is the position before the first event: the publisher knows better, if it has published before.
    """
    by_channel: dict[str, list[BusEvent]] = {}
    for event in events:
        by_channel.setdefault(event.channel, []).append(
            (
                event.position,
                event.offset,
                encode_data(event.data),
                event.actor_id or 0,
                int(reauthorizes(event.type)),
                event.author_id or 0,
            )
        )
    if not by_channel:
        return []
    before = min(events[0][0] for events in by_channel.values()) - 1
    messages: list[BusMessage] = [
        {"type": MESSAGE_TYPE, "channel": channel, "control": before, "events": list_}
        for channel, list_ in by_channel.items()
    ]
    # A stable order: 0 of what is no control message, which comes after all that are.
    return sorted(messages, key=lambda message: last_control(message) or math.inf)


def last_control(message: BusMessage) -> int:
    """The position of the last control event in it, 0 when there is none."""
    flagged = [event[0] for event in message["events"] if event[4]]
    return flagged[-1] if flagged and is_control(message["channel"]) else 0


class Publisher:
    """`publish` may be called from any thread and returns at once. Counts what was `published` and `dropped`."""

    def __init__(self, *, limit: int = QUEUE) -> None:
        self._limit = limit
        self.published = 0
        self.dropped = 0
        # The position of the last control event that was handed over; None before the first message.
        self._control: int | None = None
        self._loop = uvloop.new_event_loop()
        self._lanes: dict[int, _Lane] = {}
        self._closed = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def publish(self, messages: Sequence[BusMessage | EphemeralMessage]) -> None:
        """Hands the messages over, in order; what does not fit into the queue of its Redis is dropped."""
        self._loop.call_soon_threadsafe(self._enqueue, messages)

    def close(self) -> None:
        """Publishes what waits, for two seconds at most."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join(DRAIN_SECONDS)

    def _enqueue(self, messages: Sequence[BusMessage | EphemeralMessage]) -> None:
        for message in messages:
            group = group_of(message["channel"] if not self._stamp(message) else CONTROL_CHANNEL)
            shard = shard_of(self._layer, group)
            number = shard.number if shard is not None else 0
            lane = self._lanes.get(number)
            if lane is None:
                lane = self._lanes[number] = _Lane(self, self._layer, number)
            if lane.queue.qsize() < self._limit:
                lane.queue.put_nowait((group, message))
            else:
                self.dropped += 1

    def _stamp(self, message: BusMessage | EphemeralMessage) -> bool:
        """Names the control event before it. Whether it is a control message."""
        if message["type"] == EPHEMERAL_TYPE:
            return False
        if self._control is None:
            self._control = message["control"]
        message["control"] = self._control
        if last := last_control(message):
            message["type"] = CONTROL_TYPE
            self._control = max(self._control, last)
        return bool(last)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._layer = get_channel_layer()
        try:
            self._loop.run_until_complete(self._until_closed())
        finally:
            self._loop.close()

    async def _until_closed(self) -> None:
        await self._closed.wait()
        for lane in self._lanes.values():
            lane.queue.put_nowait(None)
        await asyncio.gather(*(lane.task for lane in self._lanes.values()))


class _Lane:
    """What one Redis of the bus takes, in order: one that hangs holds up nobody but its own."""

    def __init__(self, publisher: Publisher, layer: Any, number: int) -> None:
        self.queue: asyncio.Queue[tuple[str, BusMessage | EphemeralMessage] | None] = asyncio.Queue()
        self._publisher, self._layer, self._number = publisher, layer, number
        self.task = asyncio.get_running_loop().create_task(self._publish_all())

    async def _publish_all(self) -> None:
        publisher, clock = self._publisher, asyncio.get_running_loop().time
        closed_until, dropped = 0.0, 0
        while (waiting := await self.queue.get()) is not None:
            group, message = waiting
            if clock() < closed_until:
                publisher.dropped += 1
                dropped += 1
                continue
            try:
                async with asyncio.timeout(PUBLISH_SECONDS):
                    await self._layer.group_send(group, dict(message))
            except Exception as error:  # whatever is wrong with the bus, the next publish may work
                if not closed_until:
                    dropped = 0
                    logger.warning("bus.away redis=%d error=%s", self._number, type(error).__name__)
                publisher.dropped += 1
                dropped += 1
                closed_until = clock() + BREAKER_SECONDS
            else:
                publisher.published += 1
                if closed_until:
                    logger.info("bus.back redis=%d dropped=%d", self._number, dropped)
                    closed_until = 0.0
