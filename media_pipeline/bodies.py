"""The bodies of uploads, on their way past Django's: taken as they arrive, in pieces, neither spooled nor joined.

REST decides how the request is answered: token, owner, CORS, every refusal. Its view finds the first block of the body
in the scope (`body_of`) and writes it. What is longer than a block goes on from here: each further block is written in
one hop to a thread, so that a slow client holds neither a thread nor more than a block of memory.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from core import threads
from core.api import problem_handler
from core.body_limits import limits_of, too_large
from core.errors import DomainError
from core.handler import Message, Receive, Scope, Send

log = logging.getLogger(__name__)

# The key of the scope under which the view finds the body.
BODY = "simmer.upload_body"
# As long as the longest chunk: only tus has bodies of several.
BLOCK = 8 * 1024 * 1024
OVERRIDE = b"x-http-method-override"

Application = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass
class Block:
    """Some of a body. `is_last`: nothing comes after it; `is_cut`: because the client has gone."""

    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    is_last: bool = False
    is_cut: bool = False


class Writer(Protocol):
    """What goes on with a body of several blocks, called in a thread."""

    def take(self, block: Block) -> dict[str, str]:
        """Writes a block; the headers to answer with after the last one."""

    def close(self) -> None:
        """Called once, in any case."""


def _problem(error: DomainError) -> Response:
    refused = problem_handler(error, {})
    assert refused is not None
    return refused


@dataclass
class Body:
    """A request's body. `declared` is its Content-Length, if it has one. The view that wants the rest sets `writer`,
    and `problem` when its refusals are not those of the other routes.

    `is_abandoned`: the request was cancelled, perhaps while the view still works on the first block.
    """

    first: Block
    declared: int | None = None
    writer: Writer | None = None
    problem: Callable[[DomainError], Response] = _problem
    is_abandoned: bool = False


def body_of(request: Request) -> Body:
    """What came with the request; all of it, where Django is served without the route of this module.

    Raises TooLarge past the `upload` limit of the view: the server has not taken such a body in.
    """
    body = getattr(request._request, "scope", {}).get(BODY)
    if body is None:
        content = request._request.read()
        body = Body(Block([content], len(content), is_last=True), len(content))
    assert isinstance(body, Body)
    limit = limits_of(request.parser_context["view"]).upload
    if limit is not None and max(body.first.size, body.declared or 0) > limit:
        raise too_large(limit, request.content_type or "")
    return body


class UploadBodies:
    """An ASGI application in front of `rest`, which answers; it may be longer than REQUEST_BODY_MAX."""

    def __init__(self, rest: Application) -> None:
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        method = scope["method"]
        if method == "POST" and OVERRIDE in headers:
            # Some networks let nothing but GET and POST through.
            method = headers[OVERRIDE].decode("latin-1").upper()
        scope = {**scope, "method": method}
        if method not in ("POST", "PUT", "PATCH"):
            await self._rest(scope, receive, send)
            return
        length = headers.get(b"content-length", b"")
        incoming = _Incoming(receive)
        body = Body(await incoming.block(), int(length) if length.isdigit() else None)
        if body.first.is_cut and method == "POST":  # a client that is gone will begin again
            return
        # Django is given an empty body.
        scope |= {BODY: body, "headers": [header for header in scope["headers"] if header[0] != b"content-length"]}
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        try:
            await self._rest(scope, _nothing, keep)
            # A request of Django's is garbage in a cycle: its megabytes must not wait for the collection.
            body.first.pieces.clear()
            if body.writer is not None and not body.first.is_last and answer[0]["status"] < 300:
                await _write_rest(body, incoming, answer)
        finally:
            body.is_abandoned = True
            if body.writer is not None and not body.first.is_last:
                with suppress(DomainError):  # overloaded: what is not closed now is when it is collected
                    await threads.run(body.writer.close)
        for message in answer:
            await send(message)


class _Incoming:
    """The body of a request, read a block at a time."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def block(self) -> Block:
        """All that comes up to BLOCK bytes and a message's more: whether a body is longer is known only then."""
        block = Block()
        while not block.is_last and block.size <= BLOCK:
            message = await self._receive()
            block.is_cut = message["type"] == "http.disconnect"
            block.is_last = block.is_cut or not message.get("more_body")
            if piece := message.get("body"):
                block.pieces.append(piece)
                block.size += len(piece)
        return block


async def _write_rest(body: Body, incoming: _Incoming, answer: list[Message]) -> None:
    """Writes the blocks after the first, and makes ANSWER say how that went."""
    assert body.writer is not None
    block = Block()
    dropped: set[str] = set()
    try:
        while not block.is_last:
            block = await incoming.block()
            headers = await threads.run(body.writer.take, block)
    except DomainError as error:
        refused = body.problem(error)
        content = orjson.dumps(refused.data)
        headers = {**refused.headers, "Content-Type": refused.content_type or "", "Content-Length": str(len(content))}
        answer[0]["status"] = refused.status_code
        # What the first block has begun is not there.
        dropped = {"location"}
        answer[1:] = [{"type": "http.response.body", "body": content}]
    replaced = {name.lower() for name in headers} | dropped
    kept = [(name, value) for name, value in answer[0]["headers"] if name.decode().lower() not in replaced]
    answer[0]["headers"] = kept + [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
