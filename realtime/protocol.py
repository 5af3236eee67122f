"""The JSON form of the Centrifuge client protocol, version 2: parsing and framing, without any I/O.

A frame holds one or more JSON objects, one a line. A command from the client is {"id": n, "<method>": {...}}; a reply
carries its id, a push none; an empty object is a ping (from the server) or a pong (from the client).
Specification: https://centrifugal.dev/docs/transports/client_protocol
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import orjson

# Seconds between server pings; a client that has not answered one by the next is closed with NO_PONG.
PING_SECONDS = 25
REFUSED = ["publish", "rpc", "send", "sub_refresh"]  # clients write over REST
METHODS = frozenset(
    ["connect", "subscribe", "unsubscribe", "refresh", "ping", "presence", "presence_stats", "history", *REFUSED]
)
# JavaScript's and the protocol's own limit: ids are unsigned 32 bit.
MAX_ID = 2**32 - 1
# `limit` of `history` is a signed 32-bit number in the protocol, an offset a signed 64-bit one in the store.
MAX_LIMIT = 2**31 - 1
MAX_OFFSET = 2**63 - 1

PING = b"{}"


class Close(IntEnum):
    """Closing codes: below 3500 the client reconnects, from 3500 on it does not."""

    SHUTDOWN = 3001
    SERVER_ERROR = 3004
    EXPIRED = 3005
    SLOW = 3008
    INSUFFICIENT_STATE = 3010
    NO_PONG = 3012
    INVALID_TOKEN = 3500
    BAD_REQUEST = 3501
    STALE = 3502
    FORCE_DISCONNECT = 3503
    CONNECTION_LIMIT = 3504
    CHANNEL_LIMIT = 3505
    TOO_MANY_ERRORS = 3509


class Unsubscribed(IntEnum):
    """Codes of unsubscribe pushes: below 2500 final, from 2500 on the client subscribes again."""

    RIGHT_TAKEN_AWAY = 2000
    INSUFFICIENT_STATE = 2500


class Disconnect(Exception):
    """The connection has to end with this code and reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Error(Exception):
    """An error reply; the connection goes on. `temporary`: the client may try the same again."""

    code: ClassVar[int]
    message: ClassVar[str]
    temporary: ClassVar[bool] = False


class Internal(Error):
    code, message, temporary = 100, "internal server error", True


class Unauthorized(Error):
    code, message = 101, "unauthorized"


class UnknownChannel(Error):
    code, message = 102, "unknown channel"


class PermissionDenied(Error):
    code, message = 103, "permission denied"


class MethodNotFound(Error):
    code, message = 104, "method not found"


class AlreadySubscribed(Error):
    code, message = 105, "already subscribed"


class LimitExceeded(Error):
    code, message = 106, "limit exceeded"


class BadRequest(Error):
    code, message = 107, "bad request"


class NotAvailable(Error):
    code, message = 108, "not available"


class TokenExpired(Error):
    code, message = 109, "token expired"


class TooManyRequests(Error):
    code, message, temporary = 111, "too many requests", True


class UnrecoverablePosition(Error):
    code, message = 112, "unrecoverable position"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `method` is None for a pong."""

    id: int
    method: str | None
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a client says it stopped reading a channel."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Which part of a channel's past: at most `limit` events (None: as many as there may be), 0 for none but the head.

    After `since` in ascending order, or before it in descending order (`reverse`); without it from the oldest that is
    kept, or from the newest.
    """

    channel: str
    limit: int | None
    since: Position | None
    reverse: bool


def parse_frame(frame: str) -> list[Command]:
    """The commands of a frame. Raises Disconnect(BAD_REQUEST) with the reason when it is no frame of this protocol."""
    commands = []
    for line in frame.split("\n"):
        if not line.strip():
            continue
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Disconnect(Close.BAD_REQUEST, "the frame is not JSON, one object a line") from error
        commands.append(_command(message))
    if not commands:
        raise Disconnect(Close.BAD_REQUEST, "the frame is empty")
    return commands


def _command(message: Any) -> Command:
    if not isinstance(message, dict):
        raise Disconnect(Close.BAD_REQUEST, "a command must be a JSON object")
    if not message:
        return Command(0, None, {})
    number = message.get("id", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MAX_ID:
        raise Disconnect(Close.BAD_REQUEST, "id must be a whole number from 1 to 4294967295")
    methods = [name for name in message if name != "id"]
    if len(methods) != 1:
        raise Disconnect(Close.BAD_REQUEST, "a command must name exactly one method")
    method = methods[0]
    params = message[method]
    if not isinstance(params, dict):
        raise Disconnect(Close.BAD_REQUEST, "a method's value must be a JSON object")
    if number == 0 and method != "send":
        raise Disconnect(Close.BAD_REQUEST, "a command needs an id")
    return Command(number, method, params)


def text(params: dict[str, Any], name: str) -> str:
    """A string parameter; raises BadRequest when it is missing or of another type."""
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest
    return value


def position(params: dict[str, Any]) -> Position | None:
    """The position to recover from, None when the client does not ask to recover."""
    return _position(params) if params.get("recover") else None


def _position(params: dict[str, Any]) -> Position:
    epoch, offset = params.get("epoch", ""), params.get("offset", 0)
    if not isinstance(epoch, str) or not _is_number(offset) or not 0 <= offset <= MAX_OFFSET:
        raise BadRequest
    return Position(epoch, offset)


def positions(params: dict[str, Any]) -> dict[str, Position]:
    """From where a `connect` recovers its server-side channels. Those that are not to be recovered are left out."""
    subs = params.get("subs")
    if subs is None:
        return {}
    if not isinstance(subs, dict) or not all(isinstance(sub, dict) for sub in subs.values()):
        raise BadRequest
    asked = {channel: position(sub) for channel, sub in subs.items()}
    return {channel: since for channel, since in asked.items() if since is not None}


def token_of(params: dict[str, Any]) -> str:
    """The token of a `connect`, empty for an anonymous one."""
    token = params.get("token") or ""
    if not isinstance(token, str):
        raise BadRequest
    return token


def history_request(params: dict[str, Any]) -> HistoryRequest:
    """What a `history` command asks for. Like the protocol, a `limit` that is not given is 0, and -1 means none."""
    limit, since, reverse = params.get("limit", 0), params.get("since"), params.get("reverse", False)
    if not _is_number(limit) or not -1 <= limit <= MAX_LIMIT or not isinstance(reverse, bool):
        raise BadRequest
    if since is not None and not isinstance(since, dict):
        raise BadRequest
    position = _position(since) if since is not None else None
    return HistoryRequest(text(params, "channel"), None if limit == -1 else limit, position, reverse)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def reply(number: int, method: str, result: dict[str, Any]) -> bytes:
    return orjson.dumps({"id": number, method: result})


def error_reply(number: int, error: Error | type[Error]) -> bytes:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.temporary:
        body["temporary"] = True
    return orjson.dumps({"id": number, "error": body})


def publication(offset: int, data: bytes) -> orjson.Fragment:
    """A publication within a reply; `data` is JSON already."""
    return orjson.Fragment(b'{"offset":%d,"data":%b}' % (offset, data))


def publication_push(channel: str, offset: int, data: bytes) -> bytes:
    """A push of one event. `data` is JSON already, so an event is encoded once for all its readers.

    Offset 0 stands for none: the protocol leaves it out, as of a channel that is no stream.
    """
    if not offset:
        return b'{"push":{"channel":%b,"pub":{"data":%b}}}' % (orjson.dumps(channel), data)
    return b'{"push":{"channel":%b,"pub":{"offset":%d,"data":%b}}}' % (orjson.dumps(channel), offset, data)


def unsubscribe_push(channel: str, code: Unsubscribed, reason: str) -> bytes:
    return orjson.dumps({"push": {"channel": channel, "unsubscribe": {"code": code.value, "reason": reason}}})


def text_frame(payload: bytes) -> bytes:
    """An unmasked WebSocket text frame (RFC 6455, 5.2) around `payload`, as a server sends it."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload
