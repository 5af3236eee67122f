"""One socket: who is behind it, what it has subscribed to, and what its commands do."""

import asyncio
import itertools
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings

from core import threads
from realtime import protocol
from realtime.channels import NAMESPACES, Identity, TokenExpired, TokenInvalid, namespace_of, verify_token
from realtime.hiding import NOBODY, data_for
from realtime.hub import Hub
from realtime.protocol import PING_SECONDS, Close, Command, Disconnect, Error, Position
from realtime.rights import may_read
from realtime.transport import Sink

log = logging.getLogger(__name__)

VERSION = "1"
# A client that asks on and does not read its replies for so long is given up.
UNREAD_SECONDS = 30.0
UNREAD_POLL_SECONDS = 0.05
_numbers = itertools.count()


class Connection:
    """The state of one socket, and its commands one after another."""

    __slots__ = (
        "_awaiting_pong",
        "_closed",
        "address",
        "channels",
        "client",
        "connected",
        "hidden",
        "hub",
        "identity",
        "number",
        "sink",
        "standing_as_of",
    )

    def __init__(self, *, hub: Hub, sink: Sink, address: str) -> None:
        self.hub = hub
        self.sink = sink
        self.address = address
        self.number = next(_numbers)
        self.client = ""
        self.identity: Identity | None = None
        self.connected = False
        self.channels: set[str] = set()
        # The people whose doings are hidden from this one, and which answer that is (realtime/rechecks.py).
        self.hidden = NOBODY
        self.standing_as_of = 0
        self._awaiting_pong = False
        self._closed = False

    @property
    def user_id(self) -> int | None:
        return self.identity.user_id if self.identity is not None else None

    def close(self, code: Close, reason: str) -> None:
        """Closes the socket and ends its subscriptions at once: nothing more is delivered to it."""
        if self._closed:
            return
        self._closed = True
        self.sink.close(code, reason)
        self.hub.remove(self)

    def tick(self, now: float, ping: bytes) -> None:
        """Once in PING_SECONDS: ends what is stale or expired, pings the rest."""
        if self._awaiting_pong:
            self.close(Close.NO_PONG, "no pong")
        elif self.identity is not None and self.identity.expires_at <= now:
            self.close(Close.EXPIRED, "connection expired")
        elif self.connected:
            self._awaiting_pong = True
            self.sink.push(protocol.PING, ping)

    def end_if_not_connected(self) -> None:
        if not self.connected:
            self.close(Close.STALE, "no connect command came in time")

    async def handle(self, frame: str) -> None:
        """Runs the commands of a frame in their order. Never raises for what a client sends."""
        try:
            for command in protocol.parse_frame(frame):
                await self._until_read()
                if self._closed:
                    return
                await self._run(command)
        except Disconnect as disconnect:
            self.close(disconnect.code, disconnect.reason)

    async def _until_read(self) -> None:
        """Replies are as long as they are, but the next command waits until the client has taken what it asked for."""
        for _ in range(round(UNREAD_SECONDS / UNREAD_POLL_SECONDS)):
            if not self.sink.congested:
                return
            await asyncio.sleep(UNREAD_POLL_SECONDS)
        self.close(Close.SLOW, "slow")

    async def _run(self, command: Command) -> None:
        if command.method is None:
            self._awaiting_pong = False
            return
        if command.method not in protocol.METHODS:
            self.sink.reply(protocol.error_reply(command.id, protocol.MethodNotFound))
            return
        if command.method == "send":
            # It has no id that an error reply could carry.
            raise Disconnect(Close.BAD_REQUEST, "send is not available: clients write over REST")
        if not self.connected and command.method != "connect":
            raise Disconnect(Close.BAD_REQUEST, "the first command must be connect")
        handler = _HANDLERS.get(command.method, Connection._refuse)
        try:
            result, replied = await handler(self, command.params)
        except Error as error:
            self.sink.reply(protocol.error_reply(command.id, error))
            return
        except Disconnect:
            raise
        except Exception as error:
            # The database or Redis is away: the client is told to try again, and keeps its socket.
            log.warning("command_failed method=%s error=%r", command.method, error)
            self.sink.reply(protocol.error_reply(command.id, protocol.Internal))
            return
        self.sink.reply(protocol.reply(command.id, command.method, result))
        for call in replied:
            call()

    # --- Commands: each returns its result and what to call once the reply is out ----------------------

    async def _connect(self, params: dict[str, Any]) -> "Outcome":
        if self.connected:
            raise Disconnect(Close.BAD_REQUEST, "already connected")
        token = params.get("token")
        if token is not None and not isinstance(token, str):
            raise protocol.BadRequest
        positions = _positions(params.get("subs"))
        identity = await _identify(token) if token else None
        if self._closed:
            raise Disconnect(Close.STALE, "closed")
        self._take_place(identity)
        self.identity = identity
        self.connected = True
        self.client = uuid.uuid4().hex
        result: dict[str, Any] = {
            "client": self.client,
            "version": VERSION,
            "ping": PING_SECONDS,
            "pong": True,
            **_lifetime(identity),
        }
        replied: list[Callable[[], None]] = []
        if identity is not None:
            try:
                subs = await self._subscribe_server_side(identity, positions, replied)
                # Asked once the inbox is heard: what changes from now on is told there.
                await self.hub.rechecks.people([self])
                result["subs"] = {channel: self._encodable(sub) for channel, sub in subs.items()}
            except Exception as error:
                # Half connected is not connected: the client is to come again.
                log.warning("connect_failed error=%r", error)
                raise Disconnect(Close.SERVER_ERROR, "internal server error") from error
        return result, replied

    def _take_place(self, identity: Identity | None) -> None:
        if identity is None:
            return
        sockets = self.hub.sockets_of_user
        limit = settings.SOCKETS_PER_USER
        if limit is not None and sockets[identity.user_id] >= limit:
            raise Disconnect(Close.CONNECTION_LIMIT, f"more than {limit} sockets of one person")
        sockets[identity.user_id] += 1

    async def _subscribe_server_side(
        self, identity: Identity, positions: dict[str, Position], replied: list[Callable[[], None]]
    ) -> dict[str, dict[str, Any]]:
        subs = {}
        for namespace in NAMESPACES.values():
            if not namespace.server_side:
                continue
            channel = f"{namespace.name}:{identity.user_id}"
            subs[channel], ready = await self.hub.subscribe(self, channel, positions.get(channel))
            replied.append(ready)
        return subs

    async def _subscribe(self, params: dict[str, Any]) -> "Outcome":
        channel = protocol.text(params, "channel")
        since = protocol.position(params)
        if channel in self.channels:
            raise protocol.AlreadySubscribed
        limit = settings.CHANNELS_PER_SOCKET
        if limit is not None and len(self.channels) >= limit:
            raise protocol.LimitExceeded
        as_of = self.standing_as_of
        if not await may_read(channel, self.user_id):
            raise protocol.PermissionDenied
        result, replied = await self.hub.subscribe(self, channel, since)
        if self.standing_as_of != as_of and not await may_read(channel, self.user_id):
            # Their rights changed while the first answer was under way, and this channel was not asked about then.
            self.hub.unsubscribe(self, channel)
            raise protocol.PermissionDenied
        return self._encodable(result), [replied]

    def _encodable(self, result: dict[str, Any]) -> dict[str, Any]:
        """A subscribe result with its publications ready for the wire, as this person receives them."""
        if "publications" in result:
            result["publications"] = [
                protocol.publication(event.offset, data_for(event, self.hidden)) for event in result["publications"]
            ]
        return result

    async def _unsubscribe(self, params: dict[str, Any]) -> "Outcome":
        channel = protocol.text(params, "channel")
        found = namespace_of(channel)
        if found is not None and found[0].server_side:
            # What ends the session is told there.
            raise protocol.PermissionDenied
        self.hub.unsubscribe(self, channel)
        return {}, []

    async def _refresh(self, params: dict[str, Any]) -> "Outcome":
        identity = await _identify(protocol.text(params, "token"))
        if self.identity is None or identity.user_id != self.identity.user_id:
            raise Disconnect(Close.INVALID_TOKEN, "the token is another person's")
        self.identity = identity
        return {"client": self.client, "version": VERSION, **_lifetime(identity)}, []

    async def _ping(self, params: dict[str, Any]) -> "Outcome":
        return {}, []

    async def _refuse(self, params: dict[str, Any]) -> "Outcome":
        raise protocol.NotAvailable


Outcome = tuple[dict[str, Any], list[Callable[[], None]]]

_HANDLERS = {
    "connect": Connection._connect,
    "subscribe": Connection._subscribe,
    "unsubscribe": Connection._unsubscribe,
    "refresh": Connection._refresh,
    "ping": Connection._ping,
}


def _positions(subs: Any) -> dict[str, Position]:
    """Where the client stopped reading its server-side channels."""
    if subs is None:
        return {}
    if not isinstance(subs, dict) or not all(isinstance(sub, dict) for sub in subs.values()):
        raise protocol.BadRequest
    asked = {channel: protocol.position(sub) for channel, sub in subs.items()}
    return {channel: since for channel, since in asked.items() if since is not None}


async def _identify(token: str) -> Identity:
    try:
        return await threads.run(verify_token, token)
    except TokenExpired as error:
        raise protocol.TokenExpired from error
    except TokenInvalid as error:
        raise Disconnect(Close.INVALID_TOKEN, "invalid token") from error


def _lifetime(identity: Identity | None) -> dict[str, Any]:
    if identity is None:
        return {}
    return {"expires": True, "ttl": max(1, int(identity.expires_at - time.time()))}
