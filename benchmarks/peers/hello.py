"""The least that Daphne can do: an ASGI application without any framework."""

from typing import Any

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"13")]


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"Hello, world!"})
