"""A client of the socket, as an ASGI server would present it."""

import asyncio
import itertools
from collections import deque
from typing import Any

import orjson

from core.asgi import application

SECONDS = 15


class Closed(Exception):
    """The server closed the socket (or refused the handshake) with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Socket:
    """One client. `command` awaits the reply of its own id; pushes are kept apart, in the order they came."""

    def __init__(self, *, headers: list[tuple[bytes, bytes]] | None = None, client: str = "127.0.0.1") -> None:
        self.scope = {
            "type": "websocket",
            "path": "/ws/",
            "raw_path": b"/ws/",
            "root_path": "",
            "query_string": b"",
            "headers": headers or [],
            "subprotocols": [],
            "client": [client, 1],
            "server": ["testserver", 80],
        }
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        # Cleared: the server's sends wait, as they do for a reader that does not read.
        self.reading = asyncio.Event()
        self.reading.set()
        self.pushes: deque[dict[str, Any]] = deque()
        self.replies: dict[int, dict[str, Any]] = {}
        self.pings = 0
        self.numbers = itertools.count(1)
        self.task: asyncio.Task[None] | None = None

    async def handshake(self) -> None:
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(application(self.scope, self.incoming.get, self._send))
        message = await self._next()
        assert message["type"] == "websocket.accept"

    async def leave(self) -> None:
        self.reading.set()
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        if self.task is not None:
            await asyncio.wait_for(self.task, SECONDS)

    def send(self, frame: str | bytes) -> None:
        kind = "text" if isinstance(frame, str) else "bytes"
        self.incoming.put_nowait({"type": "websocket.receive", kind: frame})

    async def command(self, method: str, /, **params: Any) -> dict[str, Any]:
        """The whole reply: {"id", method: {...}} or {"id", "error": {...}}."""
        number = next(self.numbers)
        self.send(orjson.dumps({"id": number, method: params}).decode())
        while number not in self.replies:
            await self._read()
        return self.replies.pop(number)

    async def subscribe(self, channel: str, **params: Any) -> dict[str, Any]:
        reply = await self.command("subscribe", channel=channel, **params)
        assert "error" not in reply, reply
        return reply["subscribe"]  # type: ignore[no-any-return]

    async def push(self) -> dict[str, Any]:
        while not self.pushes:
            await self._read()
        return self.pushes.popleft()

    async def offsets(self, count: int) -> list[int]:
        """The offsets of the next COUNT publications."""
        return [(await self.push())["pub"]["offset"] for _ in range(count)]

    async def closed(self) -> Closed:
        """Reads on until the server closes."""
        try:
            while True:
                await self._read()
        except Closed as closed:
            return closed

    async def yielded(self) -> None:
        """Lets the server go on for a moment."""
        await asyncio.sleep(0.01)

    async def _read(self) -> None:
        for line in (await self._next())["text"].split("\n"):
            message = orjson.loads(line)
            if "id" in message:
                self.replies[message["id"]] = message
            elif "push" in message:
                self.pushes.append(message["push"])
            else:
                self.pings += 1

    async def _next(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.outgoing.get(), SECONDS)
        if message["type"] == "websocket.close":
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
            raise Closed(message["code"], message.get("reason", ""))
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        self.outgoing.put_nowait(message)
