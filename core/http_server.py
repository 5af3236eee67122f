"""Daphne's half of an HTTP request, with what it leaves out: limits, back-pressure, and an end to broken answers."""

import asyncio
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import orjson
from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer  # type: ignore[import-untyped]

from core.api import PROBLEM_TYPE, problem
from core.body_limits import limit_at, lowest_limit
from core.http_bodies import body_in_memory

# A body so long is taken from the socket in larger pieces than Twisted's 64 KiB: each is a turn of the loop.
LONG = RECEIVED_AT_ONCE = 256 * 1024
# How long the rest of a refused body may still come before its connection is closed.
LINGER_SECONDS = 5


@implementer(IPushProducer)
class _Flow:
    """Learns from the transport whether its buffer is full."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        # Called once, when the buffer has room again; not when the connection is lost.
        self.then: Callable[[], None] | None = None

    def pauseProducing(self) -> None:
        self.open.clear()

    def resumeProducing(self) -> None:
        self.open.set()
        then, self.then = self.then, None
        if then is not None:
            asyncio.get_running_loop().call_soon(then)

    def stopProducing(self) -> None:
        """The connection is lost: nobody must wait for it any more."""
        self.then = None
        self.open.set()


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """Its body is neither parsed here nor taken in past the limit of its route; its answer waits for the reader.

    Twisted parses the forms of every POST on the loop, in memory, for nobody; and refuses some that are valid.

    A body that is too long is not waited for: the application gets the request without it, says what is too large, and
    the connection ends after that answer.
    """

    content: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False
        self._limit = 0
        self._is_too_large = False
        self._begun = False
        self._flow: _Flow | None = None
        self._ending = False

    def gotLength(self, length: int | None) -> None:
        """The headers are complete. `length` is None for a chunked body, whose length is not known."""
        self._limit = lowest_limit()
        if length is None or length > self._limit:
            self._limit = self._limit_of_route()
        if length is not None and length > self._limit:
            self.content = BytesIO()
            self._refuse_body()
            return
        self.content = body_in_memory(length)
        if self.content is None:
            super().gotLength(length)
        if length is not None and length > LONG and hasattr(self.channel.transport, "bufferSize"):
            self.channel.transport.bufferSize = RECEIVED_AT_ONCE

    def _limit_of_route(self) -> int:
        # The request's own `path` is known only after its body.
        path = unquote(self.channel._path.partition(b"?")[0].decode("latin-1"))
        content_type = b"".join(self.requestHeaders.getRawHeaders(b"Content-Type", [b""])[:1])
        return limit_at(path.removeprefix(self.server.root_path), content_type.decode("latin-1"))

    def handleContentChunk(self, data: bytes) -> None:
        if self._is_too_large:
            return
        # One byte more than the limit, by which the application sees that a chunked body is too long.
        super().handleContentChunk(data[: self._limit + 1 - self.content.tell()])
        if self.content.tell() > self._limit:
            self._refuse_body()

    def _refuse_body(self) -> None:
        self._is_too_large = True
        # Who asks whether to send the body gets the answer instead.
        self.requestHeaders.removeHeader(b"Expect")
        self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        channel = self.channel
        channel.persistent = False
        # After this turn: Twisted is in the middle of the headers, or of the body.
        asyncio.get_running_loop().call_soon(self.requestReceived, channel._command, channel._path, channel._version)

    def requestReceived(self, *args: Any) -> None:
        """The body is complete or refused; what comes next on the connection may be a small request."""
        if self._begun:
            return
        self._begun = True
        if self.channel is None:  # lost between the two turns of the loop
            return
        vars(self.channel.transport).pop("bufferSize", None)
        super().requestReceived(*args)

    def handle_reply(self, message: dict[str, Any]) -> None:
        if self._ending or self.finished or self.channel is None:
            return
        if message.get("type") == "http.response.body" and self._flow is None:
            self._flow = _Flow()
            self.registerProducer(self._flow, True)
        super().handle_reply(message)

    def finish(self) -> None:
        """Ends the answer when the client has taken what is buffered of it.

        Only then does Twisted turn to the next pipelined request: one that reads nothing has one answer in memory.
        """
        if self._flow is not None and not self._flow.open.is_set():
            self._ending = True
            self._flow.then = self._finish
            # That of an idle connection: who takes nothing is idle.
            self.channel.setTimeout(self.channel.factory.timeOut)
        else:
            self._finish()

    def _finish(self) -> None:
        if self.channel is None:  # lost between the two turns of the loop
            return
        if self._flow is not None and self.producer is not None:
            self.unregisterProducer()
        if self._is_too_large:
            self.channel.loseConnection = partial(_linger, self.channel)
        super().finish()

    async def drained(self) -> None:
        """Returns when the client has taken enough for the next block, or is gone."""
        # A turn of the loop in any case: an application that only sends would never learn that its client has gone.
        await asyncio.sleep(0)
        if self._flow is not None:
            await self._flow.open.wait()

    def handle_exception(self, exception: BaseException) -> None:
        """The application failed. An answer that has begun is cut off: no client must take it for a whole one."""
        if self._ending or self.finished:  # the answer is whole
            return
        if self._response_started and self.channel is not None:
            self.channel.forceAbortClient()
        else:
            super().handle_exception(exception)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """An answer of the server itself, as problem+json."""
        content = orjson.dumps(problem(status, f"{body}.".replace("..", "."), code=_CODES.get(status, "bad_request")))
        headers = [(b"Content-Type", PROBLEM_TYPE.encode()), (b"Content-Length", str(len(content)).encode())]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": content})


def _linger(channel: Any) -> None:
    """Ends our half of a connection, and lets the client end its own.

    Closing all of it while bytes come in resets the connection, and the client loses the answer.
    """
    del channel.loseConnection
    channel.dataReceived = _ignore
    channel.setTimeout(LINGER_SECONDS)
    channel._networkProducer.unregisterProducer()
    channel.transport.loseWriteConnection()


def _ignore(data: bytes) -> None:
    """Drops what comes of a refused body."""


_CODES = {500: "internal", 503: "unavailable"}


class BoundedFactory(HTTPFactory):  # type: ignore[misc]
    """Gives each connection our requests."""

    def log(self, request: Any) -> None:
        """core/requests.py has logged it. Twisted formats a line, for nobody: 4 % of a list's CPU."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol
