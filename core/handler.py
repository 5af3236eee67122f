"""The one-hop handler: Django's synchronous chain (middleware, view, rendering) in one thread of the fixed pool.

Django's own ASGI handler hops between the loop and new threads up to 15 times a request and opens a database session
for each (rest-speed.md). Here the body is read on the loop, then everything from `request_started` to
`request_finished` runs in one pool thread, which calls the loop back once with the whole answer. What a view or a
middleware can see is what it sees under WSGI; async views run, async streaming responses are refused.
"""

import asyncio
import concurrent.futures
import gc
import logging
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from io import SEEK_END, BytesIO
from typing import IO, Any

from django.conf import settings
from django.core import signals
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response, get_exception_response
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, get_resolver, get_urlconf, set_script_prefix
from django.utils.log import log_response
from django.utils.module_loading import import_string

from core import api, requests, threads
from core.body_limits import limit_at, lowest_limit, too_large
from core.errors import TooLarge, Unavailable

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FILE_BLOCK = 64 * 1024
# Bytes of a body after which the memory that it took is freed at once.
LARGE_BODY = 1024 * 1024
# A client that takes no block of a streamed answer for so long is gone: it holds one of few threads.
STALLED_SECONDS = 30.0


# Addresses that a process remembers the views of.
ADDRESSES = 10_000

_STATUS_OF: dict[type[Exception], int] = {
    Http404: 404,
    PermissionDenied: 403,
    MultiPartParserError: 400,
    BadRequest: 400,
    SuspiciousOperation: 400,
}


@lru_cache(ADDRESSES)
def _resolve(urlconf: str, path: str) -> ResolverMatch:
    match: ResolverMatch = get_resolver(urlconf).resolve(path)
    return match


class ClientGone(Exception):
    """The client closed the connection or stopped reading."""


class IncompleteAnswer(Exception):
    """A streamed answer failed after its head was sent; the server must close the connection, not end the body."""


class Request(ASGIRequest):
    """`refused` says why the body was not read to its end."""

    def __init__(self, scope: Scope, body: IO[bytes], *, refused: TooLarge | None = None) -> None:
        super().__init__(scope, body)
        self.refused = refused
        if "CONTENT_LENGTH" not in self.META and (size := body.seek(0, SEEK_END)):
            # Parsers take a request without a length for one without a body; by now it is known.
            self.META["CONTENT_LENGTH"] = str(size)
            body.seek(0)


class OneHopHandler(BaseHandler):
    """An ASGI application for `http` scopes."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Django's, which tries some sixty patterns in turn, for the addresses that are asked for often."""
        if hasattr(request, "urlconf"):
            match: ResolverMatch = super().resolve_request(request)
            return match
        request.resolver_match = match = _resolve(get_urlconf() or settings.ROOT_URLCONF, request.path_info)
        return match

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, refused = None, None
        try:
            body = await read_body(scope, receive)
        except ClientGone:
            return
        except TooLarge as error:
            refused = error
        stream = _Stream(receive, send)
        try:
            messages = await threads.pool().submit(self._serve_and_free, scope, body, refused, stream)
        except Unavailable as error:
            _close(body)
            log.warning("overloaded path=%r", scope["path"])
            messages = _encode(api.problem_response(503, error.detail, code=error.code, headers={"Retry-After": "1"}))
        finally:
            stream.end()
        if stream.aborted:
            raise IncompleteAnswer(repr(scope["path"]))
        for message in messages:
            await send(message)

    def _serve_and_free(
        self, scope: Scope, body: IO[bytes] | None, refused: TooLarge | None, stream: "_Stream"
    ) -> Iterable[Message]:
        """`_serve`, and a collection after a large body: requests, views and serializers refer to each other, so that
        what the body became would stay in memory until the next one. It takes milliseconds.
        """
        is_large = body is not None and body.seek(0, SEEK_END) > LARGE_BODY
        if body is not None:
            body.seek(0)
        messages = self._serve(scope, body, refused, stream)
        if is_large:
            gc.collect(1)
        return messages

    def _serve(
        self, scope: Scope, body: IO[bytes] | None, refused: TooLarge | None, stream: "_Stream"
    ) -> Iterable[Message]:
        """One request, in a pool thread. Returns the messages to send; none when the answer was streamed from here."""
        set_script_prefix(get_script_prefix(scope))
        try:
            signals.request_started.send(sender=self.__class__, scope=scope)
            response = self._respond(scope, body, refused)
        except (Exception, SystemExit):
            log.exception("request_failed path=%r", scope["path"])
            response = api.server_error(HttpRequest())
        messages: Iterable[Message] = ()
        try:
            head = scope["method"].upper() == "HEAD"
            if isinstance(response, StreamingHttpResponse) and not head:
                _pump(response, stream)
            else:
                messages = _encode(response, head=head)
        except ClientGone:
            log.info("client_gone path=%r", scope["path"])
        except (Exception, SystemExit):
            log.exception("response_failed path=%r", scope["path"])
            # Once the head is out, only an unfinished body can tell the client that this is not all of it.
            if stream.started:
                stream.abort()
            else:
                messages = _encode(api.server_error(HttpRequest()))
        finally:
            try:
                response.close()
            except Exception:
                log.exception("request_finished_failed path=%r", scope["path"])
            _close(body)
        return messages

    def _respond(self, scope: Scope, body: IO[bytes] | None, refused: TooLarge | None) -> HttpResponseBase:
        try:
            request = Request(scope, body or BytesIO(), refused=refused)
        except UnicodeDecodeError:
            log.warning("bad_request reason=encoding")
            return api.bad_request(HttpRequest())
        response = self.get_response(request)
        requests.note(scope, request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        return response

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The innermost part of the chain. With DEBUG too, errors are problem+json: the log has the traceback."""
        refused: TooLarge | None = getattr(request, "refused", None)
        if refused is not None:  # before anything, such as the CSRF check, reads the form
            return api.problem_response(413, refused.detail, code=refused.code)
        try:
            response: HttpResponseBase = super()._get_response(request)  # type: ignore[misc]
            return response
        except Exception as error:
            if not settings.DEBUG:
                raise
            return _answer_to(request, error)


class ApiHandler(OneHopHandler):
    """The same with the middleware of API_MIDDLEWARE alone, which wrap requests and answers and do nothing else."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async)
        for hooks in ("_view_middleware", "_template_response_middleware", "_exception_middleware"):
            getattr(self, hooks).clear()
        handler = convert_exception_to_response(self._get_response)
        for name in reversed(settings.API_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(name)(handler))
        self._middleware_chain = handler


def _answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """What Django answers without DEBUG; its pages with DEBUG are HTML, which clients of an API cannot read."""
    status = next((status for kind, status in _STATUS_OF.items() if isinstance(error, kind)), 500)
    if status == 500:
        signals.got_request_exception.send(sender=None, request=request)
        response = api.server_error(request)
    else:
        response = get_exception_response(request, get_resolver(get_urlconf()), status, error)
    log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request, exception=error)
    return response


async def read_body(scope: Scope, receive: Receive) -> IO[bytes]:
    """The whole body, in memory up to FILE_UPLOAD_MAX_MEMORY_SIZE, then in a temporary file.

    Raises TooLarge past the limit of the route (core/body_limits.py), and ClientGone when the client leaves before the
    body's end.
    """
    length, content_type = _length_and_type(scope)
    # Every route takes so much: most requests need no look-up.
    limit = lowest_limit()
    is_known = length > limit
    if is_known:
        limit = _limit_at(scope, content_type)
        if length > limit:
            raise too_large(limit, content_type)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    first = message.get("body", b"")
    is_whole = not message.get("more_body")
    if is_whole and len(first) <= limit:
        return BytesIO(first)
    if not is_known:
        limit = _limit_at(scope, content_type)
    if len(first) > limit:
        raise too_large(limit, content_type)
    if is_whole:
        return BytesIO(first)
    # Written on the loop: the pages go to the kernel's cache, and a hop per chunk would cost more.
    body = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115 (the request's)
    try:
        size = body.write(first)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            size += body.write(message.get("body", b""))
            if size > limit:
                raise too_large(limit, content_type)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def _length_and_type(scope: Scope) -> tuple[int, str]:
    """Content-Length, 0 when it is not declared, and Content-Type."""
    length, content_type = 0, ""
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"content-type":
            content_type = value.decode("latin-1")
    return length, content_type


def _limit_at(scope: Scope, content_type: str) -> int:
    return limit_at(scope["path"].removeprefix(scope.get("root_path", "")), content_type)


def _close(body: IO[bytes] | None) -> None:
    if body is not None:
        body.close()


def _start(response: HttpResponseBase) -> Message:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    for cookie in response.cookies.values():
        headers.append((b"Set-Cookie", cookie.output(header="").strip().encode("ascii")))
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


def _encode(response: HttpResponseBase, *, head: bool = False) -> list[Message]:
    content = response.content if isinstance(response, HttpResponse) and not head else b""
    return [_start(response), {"type": "http.response.body", "body": content, "more_body": False}]


def _pump(response: StreamingHttpResponse, stream: "_Stream") -> None:
    """Sends a streaming response from this thread, each block after the one before was taken."""
    if response.is_async:
        raise TypeError(
            "The view returned a StreamingHttpResponse over an async iterator, which the one-hop handler does not "
            "serve: give it a plain iterator, or route the path to an ASGI application of its own in core/asgi.py."
        )
    if isinstance(response, FileResponse):
        response.block_size = FILE_BLOCK
    blocks = iter(response)
    # The first block before the head: a view that fails at once still gets its 500.
    block = next(blocks, None)
    stream.open(_start(response))
    while block is not None:
        if block:
            stream.write(block)
        block = next(blocks, None)
    stream.write(b"", more=False)


class _Stream:
    """The way from a pool thread to the client, for answers that are longer than one message."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._loop = asyncio.get_running_loop()
        self._gone = False
        self._watcher: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self.started = False
        self.aborted = False

    # --- in the pool thread ---

    def open(self, start: Message) -> None:
        self._loop.call_soon_threadsafe(self._watch)
        self._deliver(start)
        self.started = True

    def write(self, block: bytes, *, more: bool = True) -> None:
        self._deliver({"type": "http.response.body", "body": block, "more_body": more})

    def abort(self) -> None:
        self.aborted = True

    def _deliver(self, message: Message) -> None:
        """Waits until the server took MESSAGE. ClientGone when there is nobody to take it."""
        if self._gone:
            raise ClientGone
        sending = asyncio.run_coroutine_threadsafe(self._send_one(message), self._loop)
        try:
            sending.result(STALLED_SECONDS)
        except TimeoutError as error:
            sending.cancel()
            # The client is still there: only a closed connection tells it that the rest will not come.
            self.abort()
            raise ClientGone from error
        except (OSError, concurrent.futures.CancelledError) as error:
            raise ClientGone from error
        if self._gone:
            raise ClientGone

    # --- on the loop ---

    async def _send_one(self, message: Message) -> None:
        if self._gone:
            return
        self._sending = asyncio.current_task()
        try:
            await self._send(message)
        finally:
            self._sending = None

    def _watch(self) -> None:
        if not self._gone:
            self._watcher = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True

    def end(self) -> None:
        """The handler is done with the request, or was cancelled: a thread that still streams stops."""
        self._gone = True
        if self._sending is not None:
            self._sending.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
