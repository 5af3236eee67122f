"""Applications that behave badly or send much, for tests of the server under them."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

import django

django.setup()

# ruff: noqa: E402 (settings first)
import asyncio
import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from core.body_limits import BodyLimits
from core.http_bodies import bytes_held

sent = 0
large = 0
LARGE = 1_000_000


def body(request: HttpRequest) -> HttpResponse:
    """Declares how long a body the application takes at this address."""
    raise NotImplementedError


body.body_limits = BodyLimits(upload=settings.REQUEST_BODY_MAX)  # type: ignore[attr-defined]
urlpatterns = [path("body", body)]
settings.ROOT_URLCONF = __name__


async def application(scope: Any, receive: Any, send: Any) -> None:
    global sent, large
    match scope["path"]:
        case "/body":
            size, digest = 0, hashlib.sha256()
            while True:
                message = await receive()
                size += len(message["body"])
                digest.update(message["body"])
                if not message["more_body"]:
                    break
            await answer(send, f"{size} {digest.hexdigest()}".encode())
        case "/held":
            # What this very request holds is nothing.
            await answer(send, str(bytes_held()).encode())
        case "/sent":
            await answer(send, str(sent).encode())
        case "/large":
            large += 1
            await answer(send, b"x" * LARGE)
        case "/larges":
            await answer(send, str(large).encode())
        case "/endless":
            sent = 0
            watcher = asyncio.create_task(gone(receive))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while not watcher.done():
                await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
                sent += 65_536
            sent = -1
        case "/broken":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half of it", "more_body": True})
            raise RuntimeError("a bug in the middle")
        case "/bug":
            raise RuntimeError("a bug at once")


async def answer(send: Any, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
