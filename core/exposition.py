"""`/metrics`: how the numbers of core/metrics.py are read, and by whom.

A web process answers at its own port; the others, which serve no HTTP otherwise, at METRICS_PORT (core/side_port.py).

With METRICS_TOKEN set, whoever sends it as a Bearer token may read. Without one only this host may, and nobody through
a proxy: the numbers say what people do and how much of it.
"""

import asyncio
import hmac
from ipaddress import ip_address

import orjson
from django.conf import settings

from core import api, metrics, threads
from core.errors import Unavailable
from core.handler import Receive, Scope, Send

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def refusal(*, peer: str, authorization: str, forwarded: bool) -> int | None:
    """None when the numbers may be read, else the status to refuse with."""
    if settings.METRICS_TOKEN:
        scheme, _, token = authorization.partition(" ")
        known = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
        return None if scheme.lower() == "bearer" and known else 401
    return None if not forwarded and _is_this_host(peer) else 403


def _is_this_host(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:  # a UNIX socket: a proxy
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def problem_body(status: int) -> bytes:
    """What a refusal says."""
    if status == 401:
        return orjson.dumps(api.problem(401, "METRICS_TOKEN is needed as a Bearer token.", code="unauthenticated"))
    detail = "Only this host may read the numbers: set METRICS_TOKEN, and let the monitor send it."
    return orjson.dumps(api.problem(403, detail, code="forbidden"))


async def metrics_view(scope: Scope, receive: Receive, send: Send) -> None:
    """The numbers of this web process and of the installation."""
    headers = dict(scope["headers"])
    refused = refusal(
        peer=(scope.get("client") or [""])[0],
        authorization=headers.get(b"authorization", b"").decode("latin-1"),
        forwarded=b"x-forwarded-for" in headers or b"forwarded" in headers,
    )
    if refused is not None:
        await _send(send, refused, api.PROBLEM_TYPE, problem_body(refused), head=scope["method"] == "HEAD")
        return
    try:
        shared = await threads.run(metrics.shared_text)
    except Unavailable:  # no thread is free; the own numbers tell why
        shared = b""
        metrics.shared_up.set(0)
    # Beside the pool, which may be full; and not on the loop, as it takes some milliseconds.
    own = await asyncio.to_thread(metrics.own_text)
    await _send(send, 200, CONTENT_TYPE, own + shared, head=scope["method"] == "HEAD")


async def _send(send: Send, status: int, content_type: str, content: bytes, *, head: bool) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="metrics"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else content})
