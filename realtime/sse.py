"""`GET /api/events/`: channels as Server-Sent Events, for clients without a WebSocket (`curl`, `EventSource`).

REST decides how the request is answered (`realtime.views`): token, channels, CORS, every refusal. Where that is 200,
the stream goes on from here, on the event loop and without a thread: one more connection of the hub, with the rights,
the hiding, the recovery and the limits of a socket.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

from core.api import PROBLEM_TYPE, problem
from core.clients import client_address, limit_key
from core.handler import IncompleteAnswer
from realtime.channels import NAMESPACES, Identity, namespace_of
from realtime.connections import UNREAD_SECONDS, Connection
from realtime.event_ids import LastEventId
from realtime.event_sink import EventSink
from realtime.hiding import data_for
from realtime.hub import current_hub
from realtime.opening import Opening
from realtime.protocol import Close, Disconnect, PermissionDenied, Position, Unsubscribed, unsubscribe_push

log = logging.getLogger(__name__)

# The key of the scope under which the view leaves what the stream is to be.
REQUEST = "simmer.event_stream"
KEEP_ALIVE_SECONDS = 15.0
# What a client waits before it comes back; spread, so that those of a stopped server do not come all at once.
RETRY_MILLISECONDS = (1000, 4000)
LIMIT_RETRY_SECONDS = 60
# How long the last words of a stream may take when the server stops.
GOODBYE_SECONDS = 1.0

Message = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A stream that was granted. `identity` is None of somebody anonymous; `channels` holds each once."""

    identity: Identity | None
    channels: tuple[str, ...]
    last_event_id: str


class EventStream(Connection):
    """A connection of the hub that sends no commands: its address said what it follows."""

    sink: EventSink

    def tick(self, now: float, ping: bytes) -> None:
        """The writer keeps the stream alive by itself, and TCP tells whether somebody is there."""
        if self.identity is not None and self.identity.expires_at <= now:
            self.close(Close.EXPIRED, "connection expired")

    def end_of_session(self) -> None:
        self.close(Close.FORCE_DISCONNECT, "session revoked")

    def sign_in(self, identity: Identity | None) -> None:
        """Takes the person's place among their connections. Disconnect(CONNECTION_LIMIT) when they have no more."""
        if identity is not None:
            self._take_place(identity)
        self.identity = identity
        self.connected = True

    async def follow(self, request: StreamRequest) -> None:
        """Subscribes to everything that was asked for, one after another; ends the stream when something fails."""
        try:
            came_back = LastEventId(request.last_event_id)
            since = {channel: _since(came_back, channel) for channel in request.channels}
            for channel, position in since.items():
                if position is not None:
                    self.sink.owe(channel, position)
            if self.identity is not None:
                await self._hear_inbox(self.identity, since)
            for channel in request.channels:
                if channel not in self.channels:
                    await self._follow(channel, since[channel])
            self.sink.position()
        except Disconnect as disconnect:
            self.close(disconnect.code, disconnect.reason)
        except Exception as error:
            # The database is away: half a stream is none, the client comes again.
            log.warning("stream_failed error=%r", error)
            self.close(Close.SERVER_ERROR, "internal server error")

    async def _hear_inbox(self, identity: Identity, wanted: Mapping[str, Position | None]) -> None:
        """Subscribes to the channels on which a person's own rights are told, whether or not they asked for them."""
        own = [
            f"{namespace.name}:{identity.user_id}"
            for namespace in NAMESPACES.values()
            if namespace.server_side and namespace.recoverable
        ]
        with Opening(self) as opening:
            results = {channel: await opening.subscribe(channel, wanted.get(channel)) for channel in own}
            # Asked once the inbox is heard: what changes from now on is told there.
            await self.hub.rechecks.newcomer(self)
            if self._closed:
                return
            for channel, result in results.items():
                if channel in wanted:
                    self._begin(channel, result)
            opening.admit()

    async def _follow(self, channel: str, since: Position | None) -> None:
        """Recovers and follows one channel, when the client has taken what came before."""
        await self._until_taken()
        with Opening(self) as opening:
            try:
                # REST has looked at the right before; once more, now that it is heard when it is taken away.
                self._begin(channel, await opening.subscribe_reader(channel, since))
            except PermissionDenied:
                reason = "you may no longer read this channel"
                self.sink.reply(unsubscribe_push(channel, Unsubscribed.RIGHT_TAKEN_AWAY, reason))
            else:
                opening.admit()

    def _begin(self, channel: str, result: dict[str, Any]) -> None:
        """Sends what a subscribe result says: what was missed, or that it cannot be recovered."""
        offset = result.get("offset")
        missed = result.get("publications", [])
        lost = result.get("was_recovering", False) and not result["recovered"]
        if offset is not None:
            self.sink.begin(channel, epoch=result["epoch"], offset=missed[0].offset - 1 if missed else offset)
        if lost:
            self.sink.reset(channel, offset)
        self.sink.recovered(channel, ((event.offset, data_for(event, self.hidden)) for event in missed))

    async def _until_taken(self) -> None:
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                await self.sink.room.wait()
        except TimeoutError:
            self.sink.slow.set()

    async def write(self, send: Callable[[Message], Awaitable[None]]) -> None:
        """Sends what waits, as long as the stream lasts; a comment when nothing has for a while."""
        self.sink.retry(random.randint(*RETRY_MILLISECONDS))  # noqa: S311  no secret
        while True:
            text = self.sink.take()
            await send({"type": "http.response.body", "body": text, "more_body": True})
            self.sink.sent(len(text))
            if self.sink.ended and not self.sink.waits:
                break
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await self.sink.waiting.wait()
            except TimeoutError:
                self.sink.comment()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class EventStreams:
    """The ASGI application of `/api/events/`. `rest` answers what is no stream: refusals, HEAD, OPTIONS."""

    def __init__(self, rest: Application) -> None:
        self._rest = rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = dict(scope)
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._rest(scope, receive, keep)
        request: StreamRequest | None = scope.get(REQUEST)
        if request is None or not answer or answer[0]["status"] != 200 or scope["method"] != "GET":
            for message in answer:
                await send(message)
            return
        headers = [(name, value) for name, value in answer[0]["headers"] if name.lower() != b"content-length"]
        hub = current_hub()
        address = limit_key(client_address(scope))
        stream = EventStream(hub=hub, sink=EventSink(request.channels), address=address)
        try:
            limit = settings.SOCKETS_PER_ADDRESS
            if limit is not None and hub.sockets_of_address[address] >= limit:
                raise Disconnect(Close.CONNECTION_LIMIT, f"more than {limit} sockets of one address")
            stream.sign_in(request.identity)
        except Disconnect as disconnect:
            await _refuse(send, headers, disconnect.reason)
            return
        hub.add(stream)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await _serve(stream, request, receive, send)
        finally:
            hub.remove(stream)
        if stream.sink.slow.is_set():
            # Only a closed connection ends an answer that the client does not take.
            raise IncompleteAnswer("an event stream whose reader was too slow")


async def _serve(stream: EventStream, request: StreamRequest, receive: Any, send: Any) -> None:
    """Returns when the stream has ended, the client is gone or too slow."""
    writing = asyncio.create_task(stream.write(send))
    following = asyncio.create_task(stream.follow(request))
    ends = {writing, asyncio.create_task(_gone(receive)), asyncio.create_task(stream.sink.slow.wait())}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if writing.done() and (error := writing.exception()) is not None:
            # ASGI leaves open what a server raises once the client is gone.
            log.debug("stream_send_failed error=%s", type(error).__name__)
    except asyncio.CancelledError:
        stream.close(Close.SHUTDOWN, "shutdown")
        await asyncio.wait({writing}, timeout=GOODBYE_SECONDS)
        raise
    finally:
        for task in (*ends, following):
            task.cancel()
        await asyncio.gather(*ends, following, return_exceptions=True)


def _since(came_back: LastEventId, channel: str) -> Position | None:
    found = namespace_of(channel)
    return came_back.since(channel, recoverable=found is not None and found[0].recoverable)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Any, headers: list[tuple[bytes, bytes]], reason: str) -> None:
    """429, with those headers of the granted stream that are every answer's (CORS, security)."""
    body = orjson.dumps(problem(429, f"There are {reason}: close one of them first.", code="connection_limit"))
    own = (b"content-type", b"x-accel-buffering")
    headers = [(name, value) for name, value in headers if name.lower() not in own]
    headers += [
        (b"Content-Type", PROBLEM_TYPE.encode()),
        (b"Content-Length", str(len(body)).encode()),
        (b"Retry-After", str(LIMIT_RETRY_SECONDS).encode()),
    ]
    with suppress(OSError):
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": body})
