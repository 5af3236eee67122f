"""The least that Daphne can do with a body: an ASGI application that takes it and keeps nothing."""

from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
