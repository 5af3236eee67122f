"""Bodies are kept in memory by the real server up to a bound, and in files beyond it: nobody sees which."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from core.http_bodies import BODIES_MAX, BODY_MAX
from core.processes import bound, free_port, stop
from tests import services
from tests.stack import wait_until

MB = 1024 * 1024


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    process = subprocess.Popen(
        bound([sys.executable, "-m", "tests.core.serve", "tests.core.live:application", "--port", str(number)]),
        cwd=services.ROOT,
        start_new_session=True,
    )

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{number}/held").status_code == 200
        except httpx.TransportError:
            assert process.poll() is None
            return False

    try:
        wait_until(answers, what="the server")
        yield number
    finally:
        stop(process)


def held(port: int) -> int:
    return int(httpx.get(f"http://127.0.0.1:{port}/held", timeout=30).text)


def head(size: int) -> bytes:
    return f"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()


def begin(port: int, size: int, data: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(head(size) + data)
    return client


def answer(client: socket.socket, body: bytes) -> bool:
    """Whether the next answer says that BODY came."""
    wanted = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
    said = b""
    while wanted not in said:
        piece = client.recv(1000)
        if not piece:
            return False
        said += piece
    return True


@pytest.mark.parametrize(
    "size", [1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, MB + 7, 4 * MB, BODY_MAX, BODY_MAX + 1, 12 * MB]
)
def test_bodies_of_every_size_arrive_as_they_were_sent_on_one_connection(port: int, size: int) -> None:
    body = os.urandom(size)
    with begin(port, size, body) as client:
        assert answer(client, body)
        # In pieces that fit into nothing; small requests come after large ones.
        for again in (body, b"small", body):
            client.sendall(head(len(again)))
            for start in range(0, len(again), 99_991):
                client.sendall(again[start : start + 99_991])
            assert answer(client, again)
    wait_until(lambda: held(port) == 0, what="the end of the request")


def test_no_more_than_the_bound_is_held_and_nobody_notices(port: int) -> None:
    body = os.urandom(BODY_MAX)
    count = BODIES_MAX // BODY_MAX
    clients = [begin(port, len(body), body[:-1]) for _ in range(count + 3)]
    wait_until(lambda: held(port) == BODIES_MAX, what="full memory")
    for client in clients:
        client.sendall(body[-1:])
    assert all(answer(client, body) for client in clients)
    for client in clients:
        client.close()
    wait_until(lambda: held(port) == 0, what="the end of the requests")


def test_clients_that_go_midway_give_back_what_they_took(port: int) -> None:
    clients = [begin(port, 4 * MB, b"x" * MB) for _ in range(5)]
    wait_until(lambda: held(port) == 20 * MB, what="their beginnings")
    for client in clients:
        client.close()
    wait_until(lambda: held(port) == 0, what="their end")
