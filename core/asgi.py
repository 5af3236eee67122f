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

from core import health
from core.files import MediaFiles
from core.handler import OneHopHandler, Receive, Scope, Send
from core.private_files import PrivateFiles
from core.staticfiles import StaticHandler
from media_pipeline.bodies import UploadBodies
from realtime.routing import websocket_urlpatterns
from realtime.sse import EventStreams


async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """A socket at an address that has none: refused in the handshake."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


pages = OneHopHandler()
events = EventStreams(pages)
uploads = UploadBodies(pages)
static = StaticHandler()
media, originals = MediaFiles(), PrivateFiles()
probes = {"/healthz": health.healthz, "/readyz": health.readyz}
sockets: Any = URLRouter([*websocket_urlpatterns, re_path(r"", refuse_socket)])  # type: ignore[arg-type, list-item]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: `http` and `websocket`. `lifespan` has nothing to do here and is refused, as the protocol provides."""
    if scope["type"] == "http":
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == "/api/events/":
            handler: Any = events
        elif path.startswith("/api/tus/") or (path.startswith("/api/uploads/") and "/chunks/" in path):
            handler = uploads
        elif path.startswith("/api/"):
            handler = pages
        elif path.startswith(settings.STATIC_URL):
            handler = static
        elif path.startswith(settings.MEDIA_URL):
            handler = media
        elif path.startswith(settings.PRIVATE_MEDIA_URL):
            handler = originals
        else:
            handler = probes.get(path, pages)
        await handler(scope, receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    else:
        raise ValueError(f"Simmer does not serve {scope['type']}.")
