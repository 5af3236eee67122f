"""What the server keeps of a WebSocket once it is open, and how a message reaches its application."""

import asyncio
import logging
from typing import Any

import pytest
from daphne.ws_protocol import WebSocketFactory
from twisted.internet.testing import StringTransport

from core import ws_server
from core.ws_server import Inbox, LeanSocket

HANDSHAKE = (
    b"GET /ws/ HTTP/1.1\r\nHost: simmer.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Long: 0123456789\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)


class Server:
    """As much of Daphne's server as a socket asks for; accepts at once."""

    root_path = ""
    proxy_forwarded_address_header = None
    websocket_timeout = -1

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.inboxes: list[Inbox] = []

    def protocol_connected(self, protocol: Any) -> None: ...

    def protocol_disconnected(self, protocol: Any) -> None: ...

    def log_action(self, *args: Any) -> None: ...

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Inbox:
        self.scopes.append(scope)
        self.inboxes.append(Inbox())
        return self.inboxes[-1]


class Transport(StringTransport):
    """With what holds a request while it is read, as under Twisted's HTTP channel."""

    def __init__(self) -> None:
        super().__init__()
        self.registerProducer(object(), True)

    def setTcpNoDelay(self, enabled: bool) -> None: ...


class Factory(WebSocketFactory):  # type: ignore[misc]
    protocol = LeanSocket


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> type[LeanSocket]:
    """A class of its own, as options are kept by class."""
    found = type("Lean", (LeanSocket,), {})
    monkeypatch.setattr(Factory, "protocol", found)
    return found


def connect(factory: WebSocketFactory) -> Any:
    """A socket after its handshake."""
    protocol = factory.buildProtocol(None)
    protocol._raw_query_string = b""
    protocol.makeConnection(Transport())
    protocol.dataReceived(HANDSHAKE)
    protocol.serverAccept()
    assert protocol.transport.value().startswith(b"HTTP/1.1 101")
    return protocol


def test_an_open_socket_has_forgotten_its_handshake(kind: type[LeanSocket]) -> None:
    server = Server()
    protocol = connect(Factory(server))
    assert server.scopes[0]["headers"] == []
    assert not protocol.request.headers and not protocol.http_headers
    assert protocol.transport.producer is None


def test_the_application_sees_the_headers_until_it_has_accepted(kind: type[LeanSocket]) -> None:
    server = Server()
    protocol = Factory(server).buildProtocol(None)
    protocol._raw_query_string = b""
    protocol.makeConnection(Transport())
    protocol.dataReceived(HANDSHAKE)
    assert (b"x-long", b"0123456789") in server.scopes[0]["headers"]
    protocol.serverAccept()


def test_sockets_share_the_options_of_their_factory_and_another_one_has_its_own(kind: type[LeanSocket]) -> None:
    first, second = Factory(Server()), Factory(Server())
    first.setProtocolOptions(maxMessagePayloadSize=1_000)
    second.setProtocolOptions(maxMessagePayloadSize=2_000)
    one = connect(first)
    assert "maxMessagePayloadSize" not in vars(one) and "perMessageCompressionAccept" not in vars(one)
    assert one.maxMessagePayloadSize == 1_000
    assert connect(second).maxMessagePayloadSize == 2_000


def test_another_daphne_keeps_its_handshakes_and_the_log_says_so_once(
    kind: type[LeanSocket], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ws_server, "_said", False)
    monkeypatch.delattr(StringTransport, "unregisterProducer")
    factory = Factory(Server())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            connect(factory)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["handshakes_kept"]


async def test_messages_come_in_their_order_also_to_one_who_waits() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    for number in range(3):
        inbox.put_nowait({"number": number})
    assert [(await waiting)["number"], (await inbox.get())["number"], (await inbox.get())["number"]] == [0, 1, 2]


async def test_one_who_stops_waiting_takes_no_message_along() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait({"number": 1})
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await inbox.get())["number"] == 1
