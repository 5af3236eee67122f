"""Pings: every connection of a hub once in PING_SECONDS, spread evenly over the seconds between."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from realtime.protocol import PING, PING_SECONDS, text_frame

if TYPE_CHECKING:
    from realtime.connections import Connection

log = logging.getLogger(__name__)

PING_FRAME = text_frame(PING)


class Pings:
    """A slot for each second of the period; a connection's number says which is its own."""

    def __init__(self) -> None:
        self._slots: list[set[Connection]] = [set() for _ in range(PING_SECONDS)]
        self._next = 0

    def add(self, connection: "Connection") -> None:
        self._slots[connection.number % PING_SECONDS].add(connection)

    def discard(self, connection: "Connection") -> None:
        self._slots[connection.number % PING_SECONDS].discard(connection)

    async def send(self) -> None:
        while True:
            await asyncio.sleep(1)
            slot = self._slots[self._next]
            self._next = (self._next + 1) % PING_SECONDS
            now = time.time()
            for connection in tuple(slot):
                try:
                    connection.tick(now, PING_FRAME)
                except Exception:
                    # That of one socket is no reason to let the others of its slot wait for theirs.
                    log.exception("ping_failed")
