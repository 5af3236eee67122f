"""Daphne's half of an HTTP request, with what it leaves out: limits, back-pressure, and an end to broken answers."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer  # type: ignore[import-untyped]

from core.api import PROBLEM_TYPE, problem
from core.http_bodies import body_in_memory

# A body so long is taken from the socket in larger pieces than Twisted's 64 KiB: each is a turn of the loop.
LONG = RECEIVED_AT_ONCE = 256 * 1024


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
    """Its body is neither parsed here nor kept past what is taken at most; its answer waits for the reader.

    Twisted parses the forms of every POST on the loop, in memory, for nobody; and refuses some that are valid.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False
        self._room: int | None = None
        self._flow: _Flow | None = None
        self._ending = False

    def gotLength(self, length: int | None) -> None:
        self.content = body_in_memory(length)
        if self.content is None:
            super().gotLength(length)
        if length is not None and length > LONG and hasattr(self.channel.transport, "bufferSize"):
            self.channel.transport.bufferSize = RECEIVED_AT_ONCE

    def requestReceived(self, *args: Any) -> None:
        """The body is complete; what comes next may be a small request."""
        if self.channel is not None:
            vars(self.channel.transport).pop("bufferSize", None)
        super().requestReceived(*args)

    def handleContentChunk(self, data: bytes) -> None:
        if self._room is None:
            # The request's own `path` is known only after its body.
            path: bytes = getattr(self.channel, "_path", b"")
            limit = settings.UPLOAD_MAX_BODY if path.startswith(b"/api/tus/") else settings.REQUEST_BODY_MAX
            # One byte more than is taken, so that the handler sees that it is too much.
            self._room = limit + 1
        kept = data[: self._room]
        self._room -= len(kept)
        super().handleContentChunk(kept)

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
        super().finish()

    async def drained(self) -> None:
        """Returns when the client has taken enough for the next block, or is gone."""
        # A turn of the loop in any case: an application that only sends would never learn that its client has gone.
        await asyncio.sleep(0)
        if self._flow is not None:
            await self._flow.open.wait()

    def handle_exception(self, exception: BaseException) -> None:
        """The application failed. An answer that has begun is cut off: no client must take it for a whole one."""
        if self._ending:  # the answer is whole
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


_CODES = {500: "internal", 503: "unavailable"}


class BoundedFactory(HTTPFactory):  # type: ignore[misc]
    """Gives each connection our requests."""

    def log(self, request: Any) -> None:
        """core/requests.py has logged it. Twisted formats a line, for nobody: 4 % of a list's CPU."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol
