"""One socket: who is behind it, what it has subscribed to, and what its commands do."""

import asyncio
import itertools
import logging
import time
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from core import threads
from realtime import protocol
from realtime.channels import NAMESPACES, Identity, Namespace, namespace_of
from realtime.counts import counts
from realtime.hiding import NOBODY, data_for
from realtime.history import read_past
from realtime.hub import Hub
from realtime.identifying import identify, lifetime
from realtime.opening import Opening, learn_before
from realtime.presence import Members
from realtime.protocol import PING_SECONDS, Close, Command, Disconnect, Error, Position, Unsubscribed
from realtime.rates import Answer, CommandRate
from realtime.store import StoredEvent
from realtime.topics import Topic
from realtime.transport import Sink
from realtime.waiting import next_number

log = logging.getLogger(__name__)

VERSION = "1"
# A client that asks on and does not read its replies for so long is given up.
UNREAD_SECONDS = 30.0
UNREAD_POLL_SECONDS = 0.05
# Clients refresh when their token has expired, so the socket outlives it: by this, and until its next ping.
EXPIRED_SECONDS = 10.0
# Who is on a channel with more readers is not told; how many are there is.
PRESENCE_LIMIT = 1000
_numbers = itertools.count()


class Connection:
    """The state of one socket, and its commands one after another."""

    __slots__ = (
        "_awaiting_pong",
        "_closed",
        "_rate",
        "address",
        "channels",
        "client",
        "connected",
        "fenced",
        "has_place",
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
        # It counts among the sockets of its person.
        self.has_place = False
        self.connected = False
        self.channels: set[str] = set()
        # The people whose doings are hidden from this one, and which answer that is (realtime/rechecks.py).
        self.hidden = NOBODY
        self.standing_as_of = 0
        # The number of the newest fence on all its channels (realtime/fence.py).
        self.fenced = 0
        self._awaiting_pong = False
        self._closed = False
        self._rate = CommandRate()

    @property
    def user_id(self) -> int | None:
        return self.identity.user_id if self.identity is not None else None

    def close(self, code: Close, reason: str) -> None:
        """Closes the socket and ends its subscriptions at once: nothing more is delivered to it."""
        if self._closed:
            return
        self._closed = True
        counts.closed[code] += 1
        self.sink.close(code, reason)
        self.hub.remove(self)

    def tick(self, now: float, ping: bytes) -> None:
        """Once in PING_SECONDS: ends what is stale or expired, pings the rest."""
        if self._awaiting_pong:
            self.close(Close.NO_PONG, "no pong")
        elif self.identity is not None and self.identity.expires_at + EXPIRED_SECONDS <= now:
            self.close(Close.EXPIRED, "connection expired")
        elif self.client:
            # Not before the reply to its connect, which says that there are pings: clients do not answer earlier ones.
            self._awaiting_pong = True
            self.sink.push(protocol.PING, ping)

    def lose_position(self, topic: Topic) -> None:
        """Events of `topic` are gone that were not delivered: the client has to subscribe again and learns of it."""
        # What the server subscribed to, it subscribes to at the next connect. Event streams send no commands. And to a
        # client that waits for the reply to its subscribe, nothing can be said of the subscription yet.
        if topic.namespace.server_side or not self.client or topic.is_unanswered(self):
            self.close(Close.INSUFFICIENT_STATE, "events are missing: connect again")
            return
        self.hub.unsubscribe(self, topic.channel)
        reason = "events are missing: subscribe again"
        self.sink.reply(protocol.unsubscribe_push(topic.channel, Unsubscribed.INSUFFICIENT_STATE, reason))

    def end_of_session(self) -> None:
        """The session is over. Whose connect has not been answered yet, their token was no good."""
        if self.client:
            self.close(Close.FORCE_DISCONNECT, "session revoked")
        else:
            self.close(Close.INVALID_TOKEN, "invalid token")

    def end_if_not_connected(self) -> None:
        if not self.connected:
            self.close(Close.STALE, "no connect command came in time")

    async def handle(self, frame: str) -> None:
        """Runs the commands of a frame in their order. Never raises for what a client sends."""
        # What comes meanwhile waits in the network. A frame of pongs alone waits for nothing.
        waits = False
        try:
            commands = protocol.parse_frame(frame)
            if waits := any(command.method is not None for command in commands):
                self.sink.pause_reading()
            for command in commands:
                if command.method is None:
                    self._heard_pong()
                    continue
                await self._until_read()
                if self._closed:
                    return
                if self._may_run(command):
                    await self._run(command)
        except Disconnect as disconnect:
            self.close(disconnect.code, disconnect.reason)
        finally:
            if waits:
                self.sink.resume_reading()

    def _may_run(self, command: Command) -> bool:
        """Counts the command; answers it when it comes too soon. Disconnect(TOO_MANY_ERRORS) of a flood."""
        per_second, burst = settings.COMMANDS_PER_SECOND, settings.COMMANDS_BURST
        if per_second is None or burst is None:
            return True
        answer = self._rate.count(time.monotonic(), per_second=per_second, burst=burst)
        if answer is Answer.CLOSE:
            raise Disconnect(Close.TOO_MANY_ERRORS, f"more than {per_second} commands a second, on and on")
        if answer is Answer.REFUSE and command.id:
            self.sink.reply(protocol.error_reply(command.id, protocol.TooManyRequests))
        return answer is Answer.RUN

    def _heard_pong(self) -> None:
        """It counts as a command, and is heard in any case: nobody is put out for silence who talks too much."""
        self._may_run(_PONG)
        self._awaiting_pong = False

    async def _until_read(self) -> None:
        """Replies are as long as they are, but the next command waits until the client has taken what it asked for."""
        for _ in range(round(UNREAD_SECONDS / UNREAD_POLL_SECONDS)):
            if not self.sink.congested:
                return
            await asyncio.sleep(UNREAD_POLL_SECONDS)
        counts.slow += 1
        self.close(Close.SLOW, "slow")

    async def _run(self, command: Command) -> None:
        assert command.method is not None
        if command.method not in protocol.METHODS:
            self.sink.reply(protocol.error_reply(command.id, protocol.MethodNotFound))
            return
        if command.method == "send":
            # It has no id that an error reply could carry.
            raise Disconnect(Close.BAD_REQUEST, "send is not available: clients write over REST")
        if not self.connected and command.method != "connect":
            raise Disconnect(Close.BAD_REQUEST, "the first command must be connect")
        handler = _HANDLERS.get(command.method, Connection._refuse)
        with Opening(self) as opening:
            try:
                reply = protocol.reply(command.id, command.method, await handler(self, command.params, opening))
            except Error as error:
                self.sink.reply(protocol.error_reply(command.id, error))
                return
            except Disconnect:
                raise
            except Exception as error:
                # The database or Redis is away: the client is told to try again, and keeps its socket.
                log.warning("command_failed method=%s error=%r", command.method, error)
                if command.method == "connect" and self.connected:
                    # Half connected is not connected: the client is to come again.
                    raise Disconnect(Close.SERVER_ERROR, "internal server error") from error
                self.sink.reply(protocol.error_reply(command.id, protocol.Internal))
                return
            self.sink.reply(reply)
            opening.admit()

    # --- Commands: each returns its result; what it subscribes to in `opening` begins behind the reply ---

    async def _connect(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        if self.connected:
            raise Disconnect(Close.BAD_REQUEST, "already connected")
        token, positions = protocol.token_of(params), protocol.positions(params)
        limit = settings.CHANNELS_PER_SOCKET
        if limit is not None and len(positions) > limit:
            raise Disconnect(Close.CHANNEL_LIMIT, f"more than {limit} channels on one socket")
        identity = await identify(token) if token else None
        if self._closed:
            raise Disconnect(Close.STALE, "closed")
        self.identity = identity
        self.connected = True
        client = uuid.uuid4().hex
        result: dict[str, Any] = {
            "client": client,
            "version": VERSION,
            "ping": PING_SECONDS,
            "pong": True,
            **lifetime(identity),
        }
        if identity is not None:
            subs = await self._subscribe_server_side(identity, positions, opening)
            # Asked once the inbox is heard: what changes from now on is told there.
            await self.hub.rechecks.newcomer(self)
            # Places are for those whose session lives.
            self._take_place(identity)
            result["subs"] = {channel: self._encodable(sub) for channel, sub in subs.items()}
        self.client = client
        return result

    def _take_place(self, identity: Identity) -> None:
        if self._closed:
            raise Disconnect(Close.STALE, "closed")
        sockets = self.hub.sockets_of_user
        limit = settings.SOCKETS_PER_USER
        if limit is not None and sockets[identity.user_id] >= limit:
            raise Disconnect(Close.CONNECTION_LIMIT, f"more than {limit} sockets of one person")
        sockets[identity.user_id] += 1
        self.has_place = True

    async def _subscribe_server_side(
        self, identity: Identity, positions: dict[str, Position], opening: Opening
    ) -> dict[str, dict[str, Any]]:
        subs = {}
        for namespace in NAMESPACES.values():
            if not namespace.server_side:
                continue
            channel = f"{namespace.name}:{identity.user_id}"
            subs[channel] = await opening.subscribe(channel, positions.get(channel))
        return subs

    async def _subscribe(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        channel = protocol.text(params, "channel")
        since = protocol.position(params)
        if channel in self.channels:
            raise protocol.AlreadySubscribed
        limit = settings.CHANNELS_PER_SOCKET
        if limit is not None and len(self.channels) >= limit:
            raise protocol.LimitExceeded
        asked = next_number()
        await self._check_right(channel)
        return self._encodable(await opening.subscribe_reader(channel, since, asked=asked))

    async def _check_right(self, channel: str) -> None:
        """Raises UnknownChannel, PermissionDenied, or Unauthorized when only somebody signed in could read such."""
        if not await self.hub.rights.may_read(channel, self.user_id):
            found = namespace_of(channel)
            if self.identity is None and found is not None and found[0].server_side:
                raise protocol.Unauthorized
            raise protocol.PermissionDenied

    def _encodable(self, result: dict[str, Any]) -> dict[str, Any]:
        """A subscribe result with its publications ready for the wire, as this person receives them."""
        if "publications" in result:
            result["publications"] = self._publications(result["publications"])
        return result

    def _publications(self, events: Iterable[StoredEvent]) -> list[Any]:
        return [protocol.publication(event.offset, data_for(event, self.hidden)) for event in events]

    async def _history(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        request = protocol.history_request(params)
        if not _family_of(request.channel).recoverable:
            raise protocol.NotAvailable
        await self._check_right(request.channel)
        past = await threads.run(read_past, request)
        if past.events:
            # What was read may lie behind an event that took the right away since.
            await learn_before(self, past.events)
            await self._check_right(request.channel)
        return {"publications": self._publications(past.events), "epoch": past.epoch, "offset": past.offset}

    async def _presence(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        members = await self._members(params)
        if len(members) > PRESENCE_LIMIT:
            raise protocol.LimitExceeded
        people = {person for person in members.values() if person is not None} - {self.user_id}
        unseen = self.hidden
        if self.user_id is not None and people:
            unseen |= await self.hub.rights.who_hides(self.user_id, people)
        shown = {
            client: {"client": client, "user": "" if person is None else str(person)}
            for client, person in members.items()
            if person not in unseen
        }
        return {"presence": shown}

    async def _presence_stats(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        members = await self._members(params)
        people = {person for person in members.values() if person is not None}
        return {"num_clients": len(members), "num_users": len(people)}

    async def _members(self, params: dict[str, Any]) -> Members:
        channel = protocol.text(params, "channel")
        if not _family_of(channel).presence:
            raise protocol.NotAvailable
        await self._check_right(channel)
        return await self.hub.presence.members(channel)

    async def _unsubscribe(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        channel = protocol.text(params, "channel")
        found = namespace_of(channel)
        if found is not None and found[0].server_side:
            # What ends the session is told there.
            raise protocol.PermissionDenied
        self.hub.unsubscribe(self, channel)
        return {}

    async def _refresh(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        identity = await identify(protocol.text(params, "token"))
        if self.identity is None or identity.user_id != self.identity.user_id:
            raise Disconnect(Close.INVALID_TOKEN, "the token is another person's")
        before, self.identity = self.identity, identity
        try:
            await self.hub.rechecks.newcomer(self)
        except Exception:
            self.identity = before
            raise
        return {"client": self.client, "version": VERSION, **lifetime(identity)}

    async def _ping(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        return {}

    async def _refuse(self, params: dict[str, Any], opening: Opening) -> dict[str, Any]:
        raise protocol.NotAvailable


_PONG = Command(0, None, {})

_HANDLERS = {
    "connect": Connection._connect,
    "subscribe": Connection._subscribe,
    "unsubscribe": Connection._unsubscribe,
    "refresh": Connection._refresh,
    "ping": Connection._ping,
    "history": Connection._history,
    "presence": Connection._presence,
    "presence_stats": Connection._presence_stats,
}


def _family_of(channel: str) -> Namespace:
    """Raises UnknownChannel, for an internal one too."""
    found = namespace_of(channel)
    if found is None or found[0].internal:
        raise protocol.UnknownChannel
    return found[0]
