"""One HTTP exchange with an ASGI application, message by message."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


class Exchange:
    """Sends the request's parts in order, then waits; collects what the application sends."""

    def __init__(
        self,
        app: App,
        path: str = "/",
        *,
        method: str = "GET",
        query: str = "",
        headers: dict[str, str] | None = None,
        body: Iterable[bytes] = (b"",),
        root_path: str = "",
    ) -> None:
        self.sent: list[Message] = []
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        # Cleared, the client takes no more: the application's send() does not return.
        self.reading = asyncio.Event()
        self.reading.set()
        parts = list(body)
        for index, part in enumerate(parts):
            self.inbox.put_nowait({"type": "http.request", "body": part, "more_body": index + 1 < len(parts)})
        scope = {
            "type": "http",
            "method": method,
            "path": root_path + path,
            "root_path": root_path,
            "query_string": query.encode(),
            "headers": [
                (b"host", b"localhost"),
                *((name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()),
            ],
            "client": ["192.0.2.1", 50_000],
            "server": ["127.0.0.1", 8000],
            "scheme": "http",
        }
        self.task = asyncio.ensure_future(app(scope, self.inbox.get, self._send))

    async def _send(self, message: Message) -> None:
        await self.reading.wait()
        self.sent.append(message)

    def disconnect(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def finish(self) -> "Exchange":
        await asyncio.wait_for(self.task, 20)
        return self

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode().lower(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def content(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def json(self) -> Any:
        return orjson.loads(self.content)


async def exchange(app: App, path: str = "/", **kwargs: Any) -> Exchange:
    """A whole exchange."""
    return await Exchange(app, path, **kwargs).finish()


async def until(condition: Callable[[], Any], *, seconds: float = 20) -> None:
    """Lets the loop run until CONDITION is true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (threads make it true as well)
            await asyncio.sleep(0.005)
