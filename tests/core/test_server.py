"""The real server's half of a request: bodies, back-pressure, answers that break."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from core.processes import bound, free_port, stop
from tests import services
from tests.stack import wait_until

LIMIT = 1_000_000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    process = subprocess.Popen(
        bound([sys.executable, "-m", "tests.core.serve", "tests.core.live:application", "--port", str(number)]),
        cwd=services.ROOT,
        env={**os.environ, "REQUEST_BODY_MAX": str(LIMIT)},
        start_new_session=True,
    )

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{number}/sent").status_code == 200
        except httpx.TransportError:
            assert process.poll() is None
            return False

    try:
        wait_until(answers, what="the server")
        yield number
    finally:
        stop(process)


def connect(port: int, request: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    client.sendall(request)
    return client


def received(client: socket.socket) -> bytes:
    parts = []
    try:
        while part := client.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def sent(port: int) -> int:
    return int(httpx.get(f"http://127.0.0.1:{port}/sent").text)


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize("body", [b"--x--\r\n", b"\x00%" * 100_000, b""], ids=["odd", "large", "empty"])
def test_a_body_arrives_as_it_was_sent_whatever_its_type(port: int, kind: str, body: bytes) -> None:
    answer = httpx.post(f"http://127.0.0.1:{port}/body", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 200
    assert answer.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def test_of_a_body_past_the_limit_one_byte_too_many_is_kept(port: int) -> None:
    chunks = (b"x" * 50_000 for _ in range(60))
    answer = httpx.post(f"http://127.0.0.1:{port}/body", content=chunks)
    assert answer.text.startswith(f"{LIMIT + 1} ") and answer.headers["Connection"] == "close"


def test_a_body_that_says_it_is_too_long_is_not_waited_for(port: int) -> None:
    head = f"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LIMIT + 1}\r\n"
    for more in ("", "Expect: 100-continue\r\n"):
        with connect(port, f"{head}{more}\r\n".encode()) as client:
            answer = received(client)
        assert answer.startswith(b"HTTP/1.1 200") and b"\r\n0 " in answer and b"Connection: close" in answer


@pytest.mark.parametrize("length", [LIMIT + 1, LIMIT * 30])
def test_a_client_that_sends_all_of_a_body_that_is_too_long_gets_its_answer(port: int, length: int) -> None:
    answer = httpx.post(f"http://127.0.0.1:{port}/body", content=b"x" * length, timeout=60)
    assert answer.text.startswith("0 ") and answer.headers["Connection"] == "close"


def test_a_body_that_is_too_long_may_end_in_the_middle(port: int) -> None:
    head = f"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LIMIT * 2}\r\n\r\n"
    with connect(port, head.encode() + b"x" * LIMIT) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        client.sendall(b"x" * 1000)
    assert httpx.post(f"http://127.0.0.1:{port}/body", content=b"x").text.startswith("1 ")


def test_a_client_that_does_not_read_is_not_buffered_for(port: int) -> None:
    with connect(port, b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n") as client:
        assert client.recv(1000)
        # It stops at what the two kernels and the server's buffer hold, and goes on when the client reads.
        settled = wait_until(lambda: (now := sent(port)) > 0 and sent(port) == now and now)
        assert settled < 20_000_000
        taken = 0
        while taken <= settled:
            taken += len(client.recv(1_000_000))
    wait_until(lambda: sent(port) == -1, what="the end of the answer")


def test_pipelined_requests_wait_until_the_answers_before_them_are_read(port: int) -> None:
    def begun() -> int:
        return int(httpx.get(f"http://127.0.0.1:{port}/larges").text)

    request = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with connect(port, request * 39 + last) as client:
        assert client.recv(1000)
        settled = wait_until(lambda: (now := begun()) > 0 and begun() == now and now)
        # Those that the two kernels hold, and one in the server.
        assert settled < 20
        assert len(received(client)) > 40 * 1_000_000 - 1000
    assert begun() == 40


def test_an_answer_that_breaks_is_cut_off(port: int) -> None:
    with connect(port, b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n") as client:
        answer = received(client)
    assert b"half of it" in answer and not answer.endswith(b"0\r\n\r\n")


def test_an_answer_that_never_begins_is_a_problem(port: int) -> None:
    answer = httpx.get(f"http://127.0.0.1:{port}/bug", timeout=20)
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal"


@pytest.mark.parametrize("line", [b"GET /\xff HTTP/1.1", b"GET /?\xff HTTP/1.1", b"GET / HTTP/1.1\r\nBad Name: x"])
def test_what_is_no_http_is_refused(port: int, line: bytes) -> None:
    with connect(port, line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n") as client:
        answer = received(client)
    assert answer.startswith(b"HTTP/1.1 400")


def test_failures_do_not_end_the_server(port: int) -> None:
    for _ in range(3):
        with connect(port, b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n") as client:
            received(client)
    assert httpx.get(f"http://127.0.0.1:{port}/bug", timeout=20).status_code == 500
