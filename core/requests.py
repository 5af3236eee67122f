"""What is known of each HTTP request: its id, and in the end its route, status, duration and person; logged, counted.

`Observed` wraps the whole application. The id comes with the request (`X-Request-ID`) when a trusted proxy sent it, is
made here otherwise, goes back with the answer, and stands in each line that is logged meanwhile, in any thread.
"""

import logging
import random
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, empty

from core import metrics
from core.api import FAILED, PROBLEM_TYPE, problem
from core.clients import client_address, from_trusted_proxy
from core.logs import request_id

log = logging.getLogger("simmer.request")
failures = logging.getLogger(__name__)

# The key of the scope under which the handlers find the record.
RECORD = "simmer.request"
HEADER = b"x-request-id"
_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
# Addresses that no route knows, and methods that none has: whatever clients make up is one series and no more.
NO_ROUTE = "none"
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
# Nginx's word for a client that left before it was answered.
CLIENT_GONE = 499

Application = Callable[[Any, Any, Any], Awaitable[None]]


class RequestRecord:
    """One request. Those who handle it note what they learn; `timed` is False of what lasts as long as it likes."""

    __slots__ = ("id", "route", "status", "timed", "user_id")

    def __init__(self, request: str) -> None:
        self.id = request
        self.route = NO_ROUTE
        self.status = CLIENT_GONE
        self.user_id: int | None = None
        self.timed = True


def record_of(scope: Any) -> RequestRecord:
    """The record of this request; one that nobody reads where the application is not observed."""
    record = scope.get(RECORD)
    return record if isinstance(record, RequestRecord) else RequestRecord("")


def note(scope: Any, request: HttpRequest) -> None:
    """Takes route and person from a request that Django has handled."""
    record = record_of(scope)
    if request.resolver_match is not None:
        record.route = request.resolver_match.view_name
    user: Any = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject) and user.__dict__["_wrapped"] is empty:
        return  # nobody has asked who it is
    record.user_id = getattr(user, "pk", None)


class Observed:
    """An ASGI application around all others."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        began = time.perf_counter()
        record = scope[RECORD] = RequestRecord(_id_of(scope))
        token = request_id.set(record.id)

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, record.id.encode())]
            await send(message)

        try:
            await self._application(scope, receive, answer)
        except Exception:
            # An answer that has begun is cut off by the server, which logs this too, but not the request's id.
            if record.status == CLIENT_GONE:
                failures.exception("request_failed path=%r", scope["path"])
                await _send_failure(answer)
            raise
        finally:
            _finish(scope, record, time.perf_counter() - began)
            request_id.reset(token)


async def _send_failure(send: Any) -> None:
    """The 500 of an application other than Django's handler, which answers for itself."""
    content = orjson.dumps(problem(500, FAILED, code="internal"))
    headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _finish(scope: Any, record: RequestRecord, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    metrics.count_request(record.route, method, record.status, seconds if record.timed else None)
    if settings.ACCESS_LOG and log.isEnabledFor(logging.INFO):
        # The path alone: queries carry what people look for.
        log.info(
            "request method=%s route=%s path=%s status=%d ms=%.1f user=%s address=%s",
            method, record.route, scope["path"], record.status, seconds * 1000, record.user_id or "-",
            client_address(scope),
        )  # fmt: skip


def _id_of(scope: Any) -> str:
    for name, value in scope["headers"]:
        if name == HEADER and _ID.fullmatch(value) and from_trusted_proxy(scope):
            return str(value, "ascii")
    return f"{random.getrandbits(64):016x}"
