"""Clients that say nothing, too much or too long, at the real server: they are put out, and nobody else notices."""

import json
import os
import select
import socket as sockets
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.people import LiveSocket
from tests.live.test_readers import publish
from tests.stack import Stack, wait_until

SILENT = 500
HASTY = 100


def test_500_sockets_that_never_connect_are_closed(stack: Stack) -> None:
    address = urlsplit(stack.url)
    with ExitStack() as opened, LiveSocket(stack) as polite:
        received: dict[sockets.socket, bytes] = {}
        for _ in range(SILENT):
            silent = opened.enter_context(sockets.create_connection((address.hostname, address.port), timeout=20))
            silent.sendall(_handshake(address.netloc))
            received[silent] = b""
        codes = [_closing_code(silent, received) for silent in tuple(received)]
        assert codes == [3502] * SILENT
        assert polite.command("ping") == {}


def test_those_who_say_goodbye_with_a_bad_frame_and_hang_up_leave_nothing_behind(stack: Stack) -> None:
    """Both frames in one segment: the server closes while autobahn has answered the goodbye already."""
    address = urlsplit(stack.url)
    open_files = Path(f"/proc/{stack.processes['web'].pid}/fd")
    before = len(list(open_files.iterdir()))
    unmasked = bytes(4)
    segment = b"\x81\x85" + unmasked + b"hello" + b"\x88\x82" + unmasked + b"\x03\xe8"
    for _ in range(HASTY):
        with sockets.create_connection((address.hostname, address.port), timeout=20) as hasty:
            hasty.sendall(_handshake(address.netloc))
            assert hasty.recv(4096).startswith(b"HTTP/1.1 101")
            hasty.sendall(segment)
    # Some are others': of the pool of threads, of streams that come and go.
    wait_until(lambda: len(list(open_files.iterdir())) < before + HASTY // 2, what="the end of their sockets")


def _handshake(host: str) -> bytes:
    return (
        f"GET /ws/ HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def _closing_code(silent: sockets.socket, received: dict[sockets.socket, bytes]) -> int:
    """The code of the closing frame, which is the first after the handshake."""
    while True:
        head, separator, frames = received[silent].partition(b"\r\n\r\n")
        if separator and len(frames) >= 4:
            assert head.startswith(b"HTTP/1.1 101") and frames[0] == 0x88
            return int.from_bytes(frames[2:4], "big")
        assert select.select([silent], [], [], 20)[0], "not closed"
        part = silent.recv(4096)
        assert part, "closed without a code"
        received[silent] += part


def _resident_bytes(stack: Stack) -> int:
    pages = int(Path(f"/proc/{stack.processes['web'].pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _flood(stack: Stack, frame: str) -> tuple[int, list[int]]:
    """Sends FRAME until the server closes. Returns (its code, the codes of the errors it answered)."""
    errors = []
    with LiveSocket(stack) as rude:
        try:
            for _ in range(20):
                rude.websocket.send(frame)
            while True:
                for line in str(rude.websocket.recv(timeout=20)).split("\n"):
                    errors.append(json.loads(line).get("error", {}).get("code", 0))
        except ConnectionClosed as closed:
            # Frames may still be under way when it closes.
            return closed.rcvd.code if closed.rcvd else 0, errors


PINGS = "\n".join(f'{{"id":{number},"ping":{{}}}}' for number in range(1, 1000))


def test_a_flood_of_commands_is_refused_and_then_closed_while_others_are_served(stack: Stack) -> None:
    with LiveSocket(stack) as polite:
        code, errors = _flood(stack, PINGS)
        assert code == 3509
        assert errors.count(0) >= 100 and set(errors) == {0, 111}
        assert polite.command("ping") == {}


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_floods_take_no_memory_for_good(stack: Stack) -> None:
    frames = [
        PINGS,
        "{}\n" * 20_000,
        "[" * 60_000,
        '{"id":1,"subscribe":{"channel":"' + "x" * 60_000 + '"}}\n{"send":{}}',
    ]
    sizes = []
    for _ in range(5):
        for _ in range(20):
            for frame in frames:
                _flood(stack, frame)
        sizes.append(_resident_bytes(stack))
    assert sizes[-1] - sizes[0] < 8 * 1024 * 1024, sizes


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_one_who_reads_nothing_and_sends_pongs_on_and_on_fills_no_memory(stack: Stack) -> None:
    publish(stack, "recipes", 300, size=8000)
    numbered = "SELECT count(*) FROM realtime_streamevent WHERE position IS NULL"
    wait_until(lambda: stack.query(numbered) == [(0,)], what="the relay to number all")
    with LiveSocket(stack) as rude:
        before = _resident_bytes(stack)
        rude.websocket.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        # More than the network between takes: the server waits for its reader.
        for number in range(1, 9):
            rude.websocket.send(json.dumps({"id": 1000 + number, "history": {"channel": "recipes", "limit": -1}}))
        with suppress(ConnectionClosed):
            for _ in range(4_000):
                rude.websocket.send("{}\n" * 20_000)
                assert _resident_bytes(stack) - before < 100 * 1024 * 1024
        with LiveSocket(stack) as polite:
            assert polite.command("ping") == {}


def test_messages_up_to_64_kib_are_taken_and_no_longer_ones(stack: Stack) -> None:
    def ping(size: int) -> str:
        empty = '{"id":77,"ping":{"padding":""}}'
        return empty.replace('""', '"' + "x" * (size - len(empty)) + '"')

    with LiveSocket(stack) as client:
        client.websocket.send(ping(65_536))
        while 77 not in client.replies:
            client.read()
        client.websocket.send(ping(65_537))
        with pytest.raises(ConnectionClosed):
            while True:
                client.read()
    with LiveSocket(stack) as another:
        assert another.command("ping") == {}


def test_a_binary_frame_is_a_bad_request(stack: Stack) -> None:
    with LiveSocket(stack) as client:
        client.websocket.send(b'{"id":1,"ping":{}}')
        with pytest.raises(ConnectionClosed) as closed:
            client.read()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 3501
