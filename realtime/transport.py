"""How bytes reach a socket: straight into Daphne's transport where it is at hand, by plain ASGI `send` elsewhere.

The straight path saves the ASGI message, a coroutine and autobahn's framing for every delivery: 5.7 us of CPU against
16 (docs/realtime.md). It uses attributes of Twisted that are not public; `straight_path_available` checks once at start
that they are there, and the plain path serves if they are not.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from realtime.counts import counts
from realtime.protocol import Close, text_frame

log = logging.getLogger(__name__)

# A reader whose unsent bytes pass this is dropped and recovers when it comes back.
MAX_BUFFERED = 256 * 1024
# Lines joined into one WebSocket frame; clients cap a message at 1 MiB and more.
FRAME_BYTES = 48 * 1024
# The key under which `core.server` puts Daphne's protocol object into `scope["extensions"]`.
EXTENSION = "simmer.daphne"

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Sink(Protocol):
    """The sending half of one socket. No method blocks, and none raises when the other side is gone."""

    def push(self, payload: bytes, frame: bytes, allowance: int = 0) -> None:
        """Sends `payload`, given also as a prebuilt text frame.

        A reader is dropped as too slow once more than MAX_BUFFERED bytes wait for it, not counting the `allowance` of
        what waits.
        """

    def reply(self, payload: bytes) -> None:
        """Sends `payload` before anything that is handed over later, in a frame with others that are ready by then.

        However long it is, it does not count as slowness of the reader.
        """

    def close(self, code: int, reason: str) -> None:
        """Closes with a closing frame; nothing is sent after it."""

    @property
    def congested(self) -> bool:
        """Whether more than MAX_BUFFERED bytes wait for the reader, replies included."""

    def pause_reading(self) -> None:
        """The client's next frames wait in the network, where the server can make them."""

    def resume_reading(self) -> None: ...


_AUTOBAHN = ("state", "STATE_OPEN", "STATE_CONNECTING", "sendClose")
_TWISTED = (
    *("dataBuffer", "offset", "_tempDataLen", "connected"),
    *("write", "doWrite", "abortConnection", "pauseProducing", "resumeProducing"),
)


def straight_path_available(protocol: Any) -> bool:
    """Whether `protocol` is Daphne's, on a plain TCP or UNIX transport with the buffers that DaphneSink reads."""
    transport = getattr(protocol, "transport", None)
    return (
        transport is not None
        and not getattr(transport, "TLS", False)
        and hasattr(getattr(transport, "socket", None), "send")
        and all(hasattr(protocol, name) for name in _AUTOBAHN)
        and all(hasattr(transport, name) for name in _TWISTED)
    )


class _Replies:
    """Joins the replies of one turn of the event loop into one frame.

    The commands of a frame run without a break until one has to wait, for the database say: what was answered before
    goes out then, as the loop has its turn, and waits for nothing slower than itself. Whatever else is sent goes
    through the sink as well and comes after the replies before it.
    """

    __slots__ = ("_replies", "_size")

    def __init__(self) -> None:
        self._replies: list[bytes] = []
        self._size = 0

    def push(self, payload: bytes, frame: bytes, allowance: int = 0) -> None:
        raise NotImplementedError

    def reply(self, payload: bytes) -> None:
        if not self._replies:
            asyncio.get_running_loop().call_soon(self._send_replies)
        self._replies.append(payload)
        self._size += len(payload)
        if self._size > FRAME_BYTES:
            self._send_replies()

    def _send_replies(self) -> None:
        if not self._replies:
            return
        payload = b"\n".join(self._replies)
        self._replies.clear()
        self._size = 0
        frame = text_frame(payload)
        self.push(payload, frame, len(frame))


class DaphneSink(_Replies):
    """Writes prebuilt frames into Daphne's transport: one `send` system call a frame while the socket keeps up."""

    __slots__ = ("_allowance", "_closed", "_open", "_protocol", "_send", "_transport")

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol
        self._transport = protocol.transport
        self._send = protocol.transport.socket.send
        self._open = protocol.STATE_OPEN
        self._allowance = 0
        self._closed = False

    def push(self, payload: bytes, frame: bytes, allowance: int = 0) -> None:
        if self._replies:
            self._send_replies()
        # Once the client has said goodbye, and autobahn has answered, no frame may follow.
        if self._closed or self._protocol.state != self._open:
            return
        transport = self._transport
        if not transport._tempDataLen and not transport.dataBuffer:
            self._allowance = allowance
            try:
                sent = self._send(frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                # The other side is gone; Twisted learns it from its read side and tells us.
                self._closed = True
                return
            if sent == len(frame):
                return
            frame = frame[sent:]
        else:
            self._allowance += allowance
        transport.write(frame)
        unsent = self._unsent
        if unsent > MAX_BUFFERED + self._allowance:
            self._closed = True
            counts.slow += 1
            log.info("socket_dropped code=%d unsent=%d", Close.SLOW, unsent)
            transport.abortConnection()

    def close(self, code: int, reason: str) -> None:
        self._send_replies()
        if self._closed:
            return
        self._closed = True
        if self._protocol.state == self._protocol.STATE_CONNECTING:
            # The handshake has not ended: there is no frame that could say so.
            self._transport.abortConnection()
        elif self._protocol.state == self._open and self._transport.connected:
            # Not after the client's own goodbye: autobahn has answered that, and ends the connection by itself.
            self._protocol.sendClose(code=int(code), reason=reason)
            # Now, not in the next turn of the loop: there may be none when the server stops. What it returns is for
            # the reactor, which does not see this call: the connection is at its end.
            if self._transport.doWrite() is not None:
                self._transport.abortConnection()

    @property
    def _unsent(self) -> int:
        transport = self._transport
        unsent: int = transport._tempDataLen + len(transport.dataBuffer) - transport.offset
        return unsent

    @property
    def congested(self) -> bool:
        return not self._closed and self._unsent > MAX_BUFFERED

    def pause_reading(self) -> None:
        if self._transport.connected:
            self._transport.pauseProducing()

    def resume_reading(self) -> None:
        if self._transport.connected:
            self._transport.resumeProducing()


class AsgiSink(_Replies):
    """The same over ASGI's `send`, for every other server; one task drains the socket's queue while there is any."""

    __slots__ = ("_allowance", "_closed", "_queue", "_send", "_task", "_unsent")

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._queue: deque[bytes | tuple[int, str]] = deque()
        self._unsent = 0
        self._allowance = 0
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def push(self, payload: bytes, frame: bytes, allowance: int = 0) -> None:
        if self._replies:
            self._send_replies()
        if self._closed:
            return
        self._allowance = self._allowance + allowance if self._unsent else allowance
        self._unsent += len(payload)
        if self._unsent > MAX_BUFFERED + self._allowance:
            counts.slow += 1
            log.info("socket_dropped code=%d unsent=%d", Close.SLOW, self._unsent)
            self._queue.clear()
            self.close(Close.SLOW, "slow")
            return
        self._enqueue(payload)

    def close(self, code: int, reason: str) -> None:
        self._send_replies()
        if not self._closed:
            self._closed = True
            self._enqueue((int(code), reason))

    @property
    def congested(self) -> bool:
        return not self._closed and self._unsent > MAX_BUFFERED

    def pause_reading(self) -> None:
        """ASGI has no word for it; the servers that need one do it themselves."""

    resume_reading = pause_reading

    def _enqueue(self, item: bytes | tuple[int, str]) -> None:
        self._queue.append(item)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._queue:
                item = self._queue.popleft()
                if isinstance(item, bytes):
                    await self._send({"type": "websocket.send", "text": item.decode()})
                    self._unsent -= len(item)
                else:
                    await self._send({"type": "websocket.close", "code": item[0], "reason": item[1]})
        except Exception as error:
            # ASGI leaves open what a server raises once the client is gone.
            log.debug("socket_send_failed error=%s", type(error).__name__)
            self._closed = True
            self._queue.clear()
        finally:
            self._task = None


def sink_for(scope: dict[str, Any], send: Send) -> Sink:
    """The best sink for this socket."""
    protocol = (scope.get("extensions") or {}).get(EXTENSION)
    if protocol is not None:
        if straight_path_available(protocol):
            return DaphneSink(protocol)
        _say_once()
    return AsgiSink(send)


_said = False


def _say_once() -> None:
    global _said
    if not _said:
        _said = True
        log.warning("straight_path_unavailable: TLS ends here, or this Twisted is another one; plain ASGI send is used")
