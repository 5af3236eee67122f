"""Chunks that break off, stall or lie about their length, and a server that is killed among them."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.media_pipeline.uploads.conftest import Uploader, noise, original_of, upload_file
from tests.stack import Stack, wait_until

SIZE = 1024 * 1024


@contextmanager
def begun(anna: Uploader, upload: Any, index: int, sent: bytes, *, declared: int = SIZE) -> Iterator[socket.socket]:
    """A connection on which a chunk has begun."""
    address = urlsplit(anna.stack.url)
    head = (
        f"PUT /api/uploads/{upload['id']}/chunks/{index}/ HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {anna.access}\r\nContent-Length: {declared}\r\n\r\n"
    )
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(head.encode() + sent)
        yield connection


def test_of_a_chunk_that_breaks_off_nothing_is_kept_and_it_may_come_again(stack: Stack, anna: Uploader) -> None:
    data = noise(2 * SIZE)
    upload = anna.begin(len(data), content_type="video/mp4", chunk_size=SIZE)
    for count in (0, 1, SIZE // 2, SIZE - 1):
        with begun(anna, upload, 0, data[:count]):
            pass
        assert anna.read(upload)["missing_chunks"] == [0, 1]
    anna.put_all(upload, data)
    assert upload_file(stack, upload["id"]).read_bytes() == data


def test_a_chunk_that_stalls_keeps_nobody_waiting(anna: Uploader) -> None:
    data = noise(SIZE)
    upload = anna.begin(SIZE, content_type="video/mp4", chunk_size=SIZE)
    with begun(anna, upload, 0, data[: SIZE // 2]) as stalled:
        assert anna.put(upload, 0, data).status_code == 201
        stalled.sendall(data[SIZE // 2 :])
        assert b'"duplicate":true' in stalled.recv(65_536)


def test_what_comes_behind_the_declared_length_is_no_part_of_the_chunk(stack: Stack, anna: Uploader) -> None:
    data = noise(SIZE)
    upload = anna.begin(SIZE, content_type="video/mp4", chunk_size=SIZE)
    with begun(anna, upload, 0, data + b"more than was said\r\n\r\n") as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 201")
    assert upload_file(stack, upload["id"]).read_bytes() == data


def test_a_chunk_that_declares_another_length_than_it_has_to_is_refused(anna: Uploader) -> None:
    upload = anna.begin(SIZE, content_type="video/mp4", chunk_size=SIZE)
    for declared in (SIZE - 1, SIZE + 1):
        with begun(anna, upload, 0, noise(declared), declared=declared) as connection:
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 400") and b'"wrong_length"' in answer
    assert anna.read(upload)["received"] == 0


def test_a_server_that_is_killed_loses_no_chunk_that_it_acknowledged(stack: Stack, anna: Uploader) -> None:
    count = 64
    data = noise(count * SIZE)
    upload = anna.begin(len(data), content_type="video/mp4", chunk_size=SIZE)
    acknowledged: set[int] = set()

    def put(index: int) -> None:
        try:
            if anna.put(upload, index, data[index * SIZE : (index + 1) * SIZE]).status_code in (200, 201):
                acknowledged.add(index)
        except httpx.TransportError:
            pass

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(put, index) for index in range(count)]
        wait_until(lambda: len(acknowledged) >= 5, what="the first chunks")
        stack.kill("web")
        for each in sent:
            each.result()
    stack.start("web")
    stack.wait_ready()
    missing = anna.read(upload)["missing_chunks"]
    assert missing and not acknowledged & set(missing)
    for index in missing:
        put(index)
    media_id = anna.finalize(upload).json()["media_id"]
    assert anna.finished(media_id)["error"] == "unsupported_media"
    assert original_of(stack, media_id) == data
