"""A client of `/api/events/`, as an ASGI server would present it."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from core.asgi import application

SECONDS = 15
END = object()


@dataclass(frozen=True)
class ServerSent:
    """One event as a browser dispatches it. `id` is what the browser would come back with by then."""

    name: str
    data: Any
    id: str


class EventReader:
    """One stream. Reads like a browser: an event without data moves the id and is not dispatched."""

    def __init__(
        self,
        channels: Iterable[str],
        *,
        token: str = "",
        last_event_id: str = "",
        method: str = "GET",
        client: str = "127.0.0.1",
        host: str = "localhost",
        query: Iterable[tuple[str, str]] = (),
        headers: Iterable[tuple[bytes, bytes]] = (),
        app: Any = application,
    ) -> None:
        sent = [(b"host", host.encode()), *headers]
        if token:
            sent.append((b"authorization", f"Bearer {token}".encode()))
        if last_event_id:
            sent.append((b"last-event-id", last_event_id.encode("latin-1")))
        scope = {
            "type": "http",
            "method": method,
            "path": "/api/events/",
            "root_path": "",
            "query_string": urlencode([*(("channel", channel) for channel in channels), *query]).encode(),
            "headers": sent,
            "client": [client, 1],
            "server": ["localhost", 80],
            "scheme": "http",
        }
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self.outgoing: asyncio.Queue[Any] = asyncio.Queue()
        # Cleared: the server's sends wait, as they do for a reader that does not read.
        self.reading = asyncio.Event()
        self.reading.set()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.id = last_event_id
        self.placed = False
        self.comments = self.retry = 0
        self.events: deque[ServerSent] = deque()
        self._unread = b""
        self.task = asyncio.create_task(self._run(app, scope))

    async def _run(self, app: Any, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self.incoming.get, self._send)
        finally:
            self.outgoing.put_nowait(END)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        self.outgoing.put_nowait(message)

    async def opened(self) -> "EventReader":
        """Returns when the head of the answer is there."""
        message = await asyncio.wait_for(self.outgoing.get(), SECONDS)
        assert message is not END, "no answer came"
        self.status = message["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        return self

    async def positioned(self) -> "EventReader":
        """Returns when the server has told where the reader is: all channels are heard by then."""
        while not self.placed:
            assert await self._read(), "the stream has ended"
        return self

    async def event(self) -> ServerSent:
        while not self.events:
            assert await self._read(), "the stream has ended"
        return self.events.popleft()

    async def publications(self, count: int) -> list[tuple[str, int]]:
        """(channel, offset) of the next COUNT events, which must be publications."""
        found = [await self.event() for _ in range(count)]
        assert {event.name for event in found} <= {"message"}
        return [(event.data["channel"], event.data["offset"]) for event in found]

    async def offsets(self, count: int) -> list[int]:
        return [offset for _, offset in await self.publications(count)]

    async def ended(self) -> list[ServerSent]:
        """Reads to the end. Returns the events that were left."""
        while await self._read():
            pass
        return list(self.events)

    async def problem(self) -> Any:
        await self.ended()
        assert self.headers["content-type"] == "application/problem+json"
        return orjson.loads(self.body)

    async def leave(self) -> None:
        self.reading.set()
        self.incoming.put_nowait({"type": "http.disconnect"})
        await asyncio.wait_for(asyncio.wait({self.task}), SECONDS)

    async def _read(self) -> bool:
        message = await asyncio.wait_for(self.outgoing.get(), SECONDS)
        if message is END:
            return False
        self.body += message["body"]
        *blocks, self._unread = (self._unread + message["body"]).split(b"\n\n")
        for block in blocks:
            self._take_in(block.decode())
        return True

    def _take_in(self, block: str) -> None:
        name, data = "message", ""
        for line in block.split("\n"):
            field, _, value = line.partition(": ")
            match field:
                case "id":
                    self.id = value
                case "event":
                    name = value
                case "data":
                    data = value
                case "retry":
                    self.retry = int(value)
                case ":":
                    self.comments += 1
                case _:
                    raise AssertionError(f"not a line of an event stream: {line!r}")
        self.placed |= block.startswith("id: ") and not data
        if data:
            self.events.append(ServerSent(name, orjson.loads(data), self.id))
