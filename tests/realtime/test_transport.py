"""The two ways to a socket behave alike; the straight one is taken only where it is whole."""

import asyncio
from typing import Any

import pytest

from realtime import connections
from realtime import transport as transports
from realtime.channels import everyone, register_namespace
from realtime.hub import current_hub
from realtime.transport import EXTENSION, MAX_BUFFERED, AsgiSink, sink_for, straight_path_available
from tests.realtime.conftest import Sockets
from tests.realtime.streams import announce, store


@pytest.fixture(autouse=True)
def public_channel(namespaces: dict[str, object]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")


async def test_a_reader_that_does_not_read_is_closed_as_slow_and_the_others_go_on(sockets: Sockets) -> None:
    slow, reader = await sockets.open(), await sockets.open()
    await slow.subscribe("news")
    await reader.subscribe("news")
    slow.reading.clear()
    events = await store("news", 100, filling="x" * 5000)
    for event in events:
        await announce(event)
    assert await reader.offsets(100) == list(range(1, 101))
    slow.reading.set()
    assert (await slow.closed()).code == 3008


async def test_a_long_reply_does_not_count_as_slowness(sockets: Sockets) -> None:
    await store("news", 100, filling="x" * 5000)
    client = await sockets.open()
    client.reading.clear()
    asking = asyncio.create_task(client.subscribe("news", recover=True, epoch=await _epoch(client), offset=0))
    await announce(*await store("news", 2))
    client.reading.set()
    result = await asking
    assert result["recovered"]
    assert [pub["offset"] for pub in result["publications"]][:100] == list(range(1, 101))


async def _epoch(client: Any) -> str:
    from asgiref.sync import sync_to_async

    from realtime.positions import current_epoch

    return await sync_to_async(current_epoch)()


async def test_a_long_reply_is_waited_for_on_the_straight_path_too() -> None:
    transport = Transport(takes=1000)
    sink = sink_for({"extensions": {EXTENSION: Protocol(transport)}}, never)
    sink.reply(b"x" * MAX_BUFFERED * 4)
    sink.push(b"y" * 1024, b"y" * 1024)
    assert not transport.aborted
    sink.push(b"z" * MAX_BUFFERED, b"z" * MAX_BUFFERED)
    assert transport.aborted


async def test_a_server_whose_send_fails_costs_only_that_socket() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        if sent:
            raise RuntimeError("the client is gone")
        sent.append(message)

    sink = AsgiSink(send)
    for number in range(3):
        sink.push(b"%d" % number, b"")
    assert sink._task is not None
    await sink._task
    sink.push(b"late", b"")
    sink.close(3001, "shutdown")
    assert sent == [{"type": "websocket.send", "text": "0"}] and sink._task is None


class Transport:
    """The part of Twisted's transport that the straight path needs, without a network behind it."""

    def __init__(self, *, takes: int) -> None:
        self.socket = self
        self.takes = takes
        self.dataBuffer = b""
        self.offset = 0
        self._tempDataLen = 0
        self.out = b""
        self.aborted = False
        self.connected = True
        self.paused = False

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False

    def send(self, data: bytes) -> int:
        if self.takes < 0:
            raise ConnectionResetError
        if self.takes == 0:
            raise BlockingIOError
        sent = data[: self.takes]
        self.takes -= len(sent)
        self.out += sent
        return len(sent)

    def write(self, data: bytes) -> None:
        self._tempDataLen += len(data)
        self.out += data

    def doWrite(self) -> None:
        self._tempDataLen = 0

    def abortConnection(self) -> None:
        self.aborted = True


class Protocol:
    STATE_OPEN, STATE_CLOSING, STATE_CONNECTING = 3, 2, 1

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.state = self.STATE_OPEN
        self.closed: list[tuple[int, str]] = []

    def sendClose(self, *, code: int, reason: str) -> None:
        self.closed.append((code, reason))


async def never(message: dict[str, Any]) -> None:
    raise AssertionError("the straight path does not use ASGI's send")


@pytest.mark.parametrize("takes", [0, 1, 5, 1000])
def test_frames_arrive_whole_and_in_order_however_little_the_socket_takes(takes: int) -> None:
    transport = Transport(takes=takes)
    sink = sink_for({"extensions": {EXTENSION: Protocol(transport)}}, never)
    for frame in (b"first ", b"second ", b"third"):
        sink.push(frame, frame)
    assert transport.out == b"first second third"


def test_a_stalled_socket_is_dropped_at_the_limit() -> None:
    transport = Transport(takes=0)
    sink = sink_for({"extensions": {EXTENSION: Protocol(transport)}}, never)
    frame = b"x" * 1024
    for _ in range(MAX_BUFFERED // 1024):
        sink.push(frame, frame)
    assert not transport.aborted
    sink.push(frame, frame)
    assert transport.aborted
    before = len(transport.out)
    sink.push(frame, frame)
    sink.close(3001, "shutdown")
    assert len(transport.out) == before


def test_a_socket_that_is_gone_is_left_alone() -> None:
    protocol = Protocol(Transport(takes=-1))
    sink = sink_for({"extensions": {EXTENSION: protocol}}, never)
    sink.push(b"x", b"x")
    sink.close(3001, "shutdown")
    assert protocol.transport.out == b"" and protocol.closed == []


def test_a_lost_connection_is_neither_closed_nor_paused() -> None:
    protocol = Protocol(Transport(takes=0))
    sink = sink_for({"extensions": {EXTENSION: protocol}}, never)
    sink.push(b"x", b"x")
    protocol.transport.connected = False
    sink.pause_reading()
    sink.close(3001, "shutdown")
    assert protocol.closed == [] and not protocol.transport.paused


async def test_a_client_that_asks_and_does_not_read_is_answered_no_further(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 0.2)
    await store("news", 100, filling="x" * 5000)
    client = await sockets.open()
    epoch = await _epoch(client)
    client.reading.clear()
    pairs = (
        f'{{"id":{n},"subscribe":{{"channel":"news","recover":true,"epoch":"{epoch}","offset":0}}}}\n'
        f'{{"id":{n + 1},"unsubscribe":{{"channel":"news"}}}}'
        for n in range(10, 30, 2)
    )
    client.send("\n".join(pairs))
    (connection,) = current_hub().connections
    await asyncio.wait_for(_gone(connection), 20)
    client.reading.set()
    assert (await client.closed()).code == 3008
    # The one that was being sent, and none of the others.
    assert list(client.replies) == [10]


async def _gone(connection: Any) -> None:
    while connection in current_hub().connections:  # noqa: ASYNC110 (the hub tells nobody)
        await asyncio.sleep(0.01)


def test_a_close_is_sent_once() -> None:
    protocol = Protocol(Transport(takes=10))
    sink = sink_for({"extensions": {EXTENSION: protocol}}, never)
    sink.close(3501, "bad request")
    sink.close(3001, "shutdown")
    sink.push(b"late", b"late")
    assert protocol.closed == [(3501, "bad request")] and protocol.transport.out == b""


async def test_nothing_follows_the_goodbye_of_the_client() -> None:
    protocol = Protocol(Transport(takes=10))
    sink = sink_for({"extensions": {EXTENSION: protocol}}, never)
    protocol.state = protocol.STATE_CLOSING
    sink.push(b"late", b"late")
    sink.reply(b"late")
    sink.push(b"later", b"later")
    assert protocol.transport.out == b""


def test_a_socket_whose_handshake_has_not_ended_is_cut_off_at_the_servers_end() -> None:
    protocol = Protocol(Transport(takes=10))
    sink = sink_for({"extensions": {EXTENSION: protocol}}, never)
    protocol.state = protocol.STATE_CONNECTING
    sink.close(3001, "shutdown")
    assert protocol.transport.aborted and not protocol.closed


async def test_another_twisted_falls_back_to_plain_asgi(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transports, "_said", False)
    transport = Transport(takes=10)
    del transport._tempDataLen
    protocol = Protocol(transport)
    assert not straight_path_available(protocol)
    for _ in range(2):
        assert isinstance(sink_for({"extensions": {EXTENSION: protocol}}, never), AsgiSink)
    assert isinstance(sink_for({"extensions": {}}, never), AsgiSink)
    # Once, however many sockets there are.
    assert [record.message.partition(":")[0] for record in caplog.records] == ["straight_path_unavailable"]


def test_the_server_and_the_transport_agree_on_the_extension() -> None:
    import ast
    from pathlib import Path

    from django.conf import settings

    source = ast.parse((Path(settings.BASE_DIR) / "core" / "server.py").read_text())
    names = {
        node.targets[0].id: node.value.value  # type: ignore[attr-defined]
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    assert names["EXTENSION"] == EXTENSION
