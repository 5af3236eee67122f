"""Daphne's half of a WebSocket, with what an idle one need not keep and a new one need not do.

Of 38 kB that a socket took under Daphne, some ten were the request of its handshake, options that are the same for all,
and a queue for any number of readers.
"""

import asyncio
import logging
from typing import Any

import autobahn.twisted.websocket
import autobahn.websocket.protocol
from daphne.ws_protocol import WebSocketProtocol

log = logging.getLogger(__name__)

# The scope's key of the socket's Inbox, between SocketServer and its application.
INBOX = "simmer.inbox"


class Inbox:
    """What an `asyncio.Queue` is, for a single reader: a list instead of four deques, which are 3 kB."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> dict[str, Any]:
        """The next message, when there is one. Only one may wait."""
        while not self._messages:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._messages.pop(0)


class LeanSocket(WebSocketProtocol):  # type: ignore[misc]
    """A socket that shares its options with all others, and forgets its handshake once it is open."""

    # Whose options these are.
    _options_of: Any = None

    def _connectionMade(self) -> None:
        kind = type(self)
        if kind._options_of is not self.factory:
            # Autobahn copies those to each socket that its class does not have.
            for name in getattr(self, "CONFIG_ATTRS", ()):
                option = getattr(self.factory, name)
                # Functions among them are called as they are, not as methods.
                setattr(kind, name, staticmethod(option) if callable(option) else option)
            kind._options_of = self.factory
        super()._connectionMade()

    def onOpen(self) -> None:
        super().onOpen()
        try:
            # The scope's headers are this list: who wanted them has read them before accepting.
            self.clean_headers.clear()
            self.request.headers.clear()  # autobahn's own `http_headers` is the same
            # That was the HTTP channel, which holds the request, and would stop reading while a client is slow.
            self.transport.unregisterProducer()
        except AttributeError as error:
            _say_once(error)


_said = False


def _say_once(error: AttributeError) -> None:
    global _said
    if not _said:
        _said = True
        log.warning("handshakes_kept: this Daphne or Autobahn is another one (%s); sockets take more memory", error)


def spare_debug_texts() -> None:
    """Autobahn makes coloured texts for its debug log, which is off, of each connection and each piece of data.

    They took a sixth of what a connect costs.
    """
    for module in (autobahn.websocket.protocol, autobahn.twisted.websocket):
        for name in ("hltype", "hlval", "pformat"):
            if hasattr(module, name):
                setattr(module, name, lambda value: value)
