"""Hints: `feed:{id}` tells those who are connected that there is something new to read, and keeps nothing.

A publication belongs to the feeds of all followers; one stored event for each would be waste. So it is one event of the
internal channel `feeds`, which a hub follows like any other (bus, offsets, gaps filled from the store) while somebody
is connected here, and whom of them it concerns is asked of the app that knows.
"""

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING

import orjson

from core import threads
from realtime.channels import feed_readers, id_of, namespace_of
from realtime.store import StoredEvent
from realtime.topics import Topic

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)

FEED = "feed"
FEEDS = "feeds"
# Publications that wait to be told on; with more of them the oldest are forgotten, for these are only hints.
WAITING = 1000
# How long one may wait while nobody can say whom it concerns.
PATIENCE_SECONDS = 30.0
# Sockets that are written to before the loop serves somebody else.
STRIDE = 200


class Hints:
    """Tells one hub's `feed:{id}` topics what comes on `feeds`."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._topics: dict[int, Topic] = {}
        self._waiting: deque[tuple[float, StoredEvent]] = deque(maxlen=WAITING)
        self._arrived = asyncio.Event()

    def follow(self, topic: Topic) -> Topic | None:
        """Tells `topic` from now on. Returns the topic `feeds`, which the caller opens; None when there is none."""
        name, _, key = topic.channel.partition(":")
        user_id = id_of(key)
        if name != FEED or user_id is None or namespace_of(FEEDS) is None:
            return None
        self._topics[user_id] = topic
        source = self._hub.topic(FEEDS)
        source.listener = self._take
        return source

    def forget(self, topic: Topic) -> None:
        """Nobody reads `topic` any more; with the last of its kind `feeds` is left too."""
        user_id = id_of(topic.channel.partition(":")[2])
        if user_id is None or self._topics.get(user_id) is not topic:
            return
        del self._topics[user_id]
        if not self._topics and (source := self._hub.topics.get(FEEDS)) is not None:
            source.listener = None
            self._hub.close_if_empty(source)

    def _take(self, events: list[StoredEvent]) -> None:
        now = time.monotonic()
        self._waiting.extend((now, event) for event in events)
        self._arrived.set()

    async def tell(self) -> None:
        """Works for as long as the hub does. Raises what the database raises; called again, it goes on there."""
        while True:
            await self._arrived.wait()
            while self._waiting and self._topics:
                waiting = self._waiting[0]
                since, event = waiting
                try:
                    concerned = await threads.run(feed_readers, orjson.loads(event.data), tuple(self._topics))
                except Exception:
                    if time.monotonic() - since > PATIENCE_SECONDS:
                        self._done(waiting)
                    raise
                self._done(waiting)
                for number, user_id in enumerate(concerned, start=1):
                    if (topic := self._topics.get(user_id)) is not None:
                        topic.hint(event.data)
                    if number % STRIDE == 0:
                        await asyncio.sleep(0)
            self._waiting.clear()
            self._arrived.clear()

    def _done(self, waiting: tuple[float, StoredEvent]) -> None:
        # The oldest may have been pushed out meanwhile.
        if self._waiting and self._waiting[0] is waiting:
            self._waiting.popleft()
