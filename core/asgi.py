"""The composition root: which path goes to which part. `daphne core.asgi:application`, or `python -m core.server`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

import django

django.setup()

# ruff: noqa: E402 (Django's settings must be there before anything that reads them)
from typing import Any

from channels.routing import URLRouter
from django.conf import settings
from django.urls import re_path

from core import exposition, health, metrics
from core.files import MediaFiles
from core.handler import ApiHandler, OneHopHandler, Receive, Scope, Send
from core.private_files import PrivateFiles
from core.requests import Observed, record_of
from core.staticfiles import StaticHandler
from core.web_metrics import of_web
from media_pipeline.bodies import UploadBodies
from realtime.routing import websocket_urlpatterns
from realtime.socket_metrics import of_sockets
from realtime.sse import EventStreams

metrics.register(of_web)
metrics.register(of_sockets)


async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """A socket at an address that has none: refused in the handshake."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


pages = OneHopHandler()
api = ApiHandler()
events = EventStreams(api)
uploads = UploadBodies(api)
static = StaticHandler()
media, originals = MediaFiles(), PrivateFiles()
service = {"/healthz": health.healthz, "/readyz": health.readyz, "/metrics": exposition.metrics_view}
sockets: Any = URLRouter([*websocket_urlpatterns, re_path(r"", refuse_socket)])  # type: ignore[arg-type, list-item]


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: `http` and `websocket`. `lifespan` has nothing to do here and is refused, as the protocol provides."""
    if scope["type"] == "http":
        await _handler_of(scope)(scope, receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    else:
        raise ValueError(f"Simmer does not serve {scope['type']}.")


def _handler_of(scope: Scope) -> Any:
    """Notes the name of a route that is not Django's; Django's handler knows its own."""
    path, record = scope["path"].removeprefix(scope.get("root_path", "")), record_of(scope)
    if path == "/api/events/":
        record.timed = False
        return events
    if path.startswith("/api/tus/") or (path.startswith("/api/uploads/") and "/chunks/" in path):
        return uploads
    if path.startswith("/api/"):
        return api
    if path.startswith(settings.STATIC_URL):
        record.route = "static"
        return static
    if path.startswith(settings.MEDIA_URL):
        record.route = "media"
        return media
    if path.startswith(settings.PRIVATE_MEDIA_URL):
        record.route = "originals"
        return originals
    if path in service:
        record.route = path[1:]
        return service[path]
    return pages


application = Observed(route)
