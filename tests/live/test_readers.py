"""Readers that do not read, and bursts: nobody else waits, nothing is lost."""

import json
import socket as sockets
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed

from tests.live.people import LiveSocket
from tests.stack import Stack


def publish(stack: Stack, channel: str, count: int, *, size: int) -> None:
    """COUNT events of SIZE bytes, as a service would have recorded them, in one transaction."""
    stack.query(
        "INSERT INTO realtime_streamevent (channel, type, data, created_at)"
        " SELECT %s, 'recipe.published', jsonb_build_object('number', n, 'filling', repeat('x', %s)), now()"
        " FROM generate_series(1, %s) n",
        channel,
        size,
        count,
    )


def test_a_reader_that_never_reads_is_dropped_and_the_others_get_everything(stack: Stack) -> None:
    address = urlsplit(stack.url)
    stalled = sockets.create_connection((address.hostname, address.port))
    # As little as the kernel allows may wait on this side.
    stalled.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    stalled.sendall(f"GET /ws/ HTTP/1.1\r\nHost: {address.netloc}\r\n{upgrade}{key}\r\n".encode())
    assert b"101" in stalled.recv(4096).split(b"\r\n")[0]
    for command in ({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "recipes"}}):
        frame = json.dumps(command).encode()
        stalled.sendall(bytes((0x81, 0x80 | len(frame), 0, 0, 0, 0)) + frame)
    while b'"subscribe"' not in stalled.recv(4096):
        pass
    with LiveSocket(stack) as reader:
        first = reader.subscribe("recipes")["offset"] + 1
        offsets = []
        for _ in range(40):
            publish(stack, "recipes", 20, size=8000)
            offsets += [reader.publication("recipes")["offset"] for _ in range(20)]
        assert offsets == list(range(first, first + 800))
    # The server has given this one up: reading what was sent ends in a reset or an end, not in a wait.
    stalled.settimeout(20)
    with stalled, suppress(ConnectionResetError):
        while stalled.recv(65536):
            pass


def test_a_burst_of_5000_events_reaches_100_sockets_whole(stack: Stack) -> None:
    with ExitStack() as opened:
        readers = [opened.enter_context(RecoveringReader(stack, "recipes")) for _ in range(100)]
        first = readers[0].offset + 1
        publish(stack, "recipes", 5000, size=50)
        for reader in readers:
            assert reader.offsets(5000) == list(range(first, first + 5000))


class RecoveringReader:
    """Reads one channel as every SDK does: put out as too slow (3008), it comes back and recovers."""

    def __init__(self, stack: Stack, channel: str) -> None:
        self.stack, self.channel = stack, channel
        self.socket = LiveSocket(stack)
        result = self.socket.subscribe(channel)
        self.epoch, self.offset = result["epoch"], result["offset"]

    def __enter__(self) -> "RecoveringReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def offsets(self, count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            try:
                found.append(self.socket.publication(self.channel)["offset"])
            except ConnectionClosed:
                self.socket.close()
                self.socket = LiveSocket(self.stack)
                since = found[-1] if found else self.offset
                result = self.socket.subscribe(self.channel, recover=True, epoch=self.epoch, offset=since)
                assert result["recovered"]
                found += [publication["offset"] for publication in result["publications"]]
        return found
