"""The socket endpoint: a Channels consumer by name and place, a bare ASGI coroutine inside.

`AsyncConsumer.dispatch` calls `aclose_old_connections()` for every message of every socket, which is most of the time a
tutorial consumer takes (docs/realtime.md); this one answers `receive` itself.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from core.clients import client_address, limit_key
from realtime.connections import Connection
from realtime.hub import current_hub
from realtime.protocol import Close
from realtime.transport import Send, sink_for

# A socket that has not sent `connect` by then is closed.
CONNECT_SECONDS = 5.0


class EventsConsumer:
    """`/ws/`: the Centrifuge protocol in JSON over one WebSocket."""

    @classmethod
    def as_asgi(cls) -> Any:
        return cls()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        await receive()  # websocket.connect
        if not _origin_allowed(scope):
            # Before the handshake is complete this is an HTTP 403.
            await send({"type": "websocket.close", "code": 4403, "reason": "this Origin is not allowed"})
            return
        hub = current_hub()
        address = limit_key(client_address(scope))
        offered = scope.get("subprotocols", [])
        await send(
            {"type": "websocket.accept", "subprotocol": "centrifuge-json" if "centrifuge-json" in offered else None}
        )
        sink = sink_for(scope, send)
        connection = Connection(hub=hub, sink=sink, address=address)
        limit = settings.SOCKETS_PER_ADDRESS
        if limit is not None and hub.sockets_of_address[address] >= limit:
            connection.close(Close.CONNECTION_LIMIT, f"more than {limit} sockets of one address")
            # Some servers end the connection, with another code, once this returns.
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        hub.add(connection)
        deadline = asyncio.get_running_loop().call_later(CONNECT_SECONDS, connection.end_if_not_connected)
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                if text is None:
                    connection.close(Close.BAD_REQUEST, "binary frames are not part of the JSON protocol")
                    continue
                await connection.handle(text)
        except asyncio.CancelledError:
            connection.close(Close.SHUTDOWN, "shutdown")
            raise
        finally:
            deadline.cancel()
            hub.remove(connection)


def _origin_allowed(scope: dict[str, Any]) -> bool:
    """Browsers say which page opens the socket; it must be ours or a listed one. Other clients send no Origin."""
    headers = dict(scope["headers"])
    origin: str = headers.get(b"origin", b"").decode("latin1")
    if not origin:
        return True
    if settings.CORS_ALLOW_ALL_ORIGINS or origin in settings.CORS_ALLOWED_ORIGINS:
        return True
    host: str = headers.get(b"host", b"").decode("latin1")
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False
