"""Uploads over real HTTP: the web server, the relay and a worker as processes (tests/stack.py)."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.people import Person
from tests.stack import Stack, wait_until

CHUNK = 1024


class Uploader(Person):
    """A person who sends files. Methods that end in the answer itself raise nothing."""

    def begin(self, length: int, *, status: int = 201, **fields: Any) -> Any:
        body = {"filename": "a.jpg", "content_type": "image/jpeg", "length": length, "chunk_size": CHUNK, **fields}
        return self.call("POST", "/api/uploads/", status, json=body)

    def put(self, upload: Any, index: int | str, data: bytes, **headers: str) -> httpx.Response:
        return self.rest.put(f"/api/uploads/{upload['id']}/chunks/{index}/", content=data, headers=headers)

    def put_all(self, upload: Any, data: bytes) -> None:
        size = upload["chunk_size"]
        for index in range(upload["chunk_count"]):
            assert self.put(upload, index, data[index * size : (index + 1) * size]).status_code == 201

    def finalize(self, upload: Any) -> httpx.Response:
        return self.rest.post(f"/api/uploads/{upload['id']}/finalize/")

    def read(self, upload: Any, status: int = 200) -> Any:
        return self.call("GET", f"/api/uploads/{upload['id']}/", status)

    def finished(self, media_id: str) -> Any:
        """The media once its job is done, ready or failed."""

        def done() -> Any:
            media = self.call("GET", f"/api/media/{media_id}/", 200)
            return media if media["status"] in ("ready", "failed") else None

        return wait_until(done, what="the end of processing")

    def tus(self, method: str, path: str = "/api/tus/", data: bytes = b"", **headers: Any) -> httpx.Response:
        """A request of the protocol; `Upload_Offset=3` is the header Upload-Offset."""
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        if data or method == "PATCH":
            named.setdefault("Content-Type", "application/offset+octet-stream")
        return self.rest.request(method, path, content=data, headers={"Tus-Resumable": "1.0.0", **named})

    def tus_create(self, length: int, **headers: Any) -> str:
        """The address of a new tus upload."""
        answer = self.tus("POST", Upload_Length=length, **headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def tus_offset(self, path: str) -> int:
        answer = self.tus("HEAD", path)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["Upload-Offset"])


@pytest.fixture(autouse=True)
def clients_closed() -> Iterator[None]:
    yield
    while Person.clients:
        Person.clients.pop().close()


@pytest.fixture
def anna(stack: Stack) -> Uploader:
    return Uploader(stack)


@pytest.fixture
def bert(stack: Stack) -> Uploader:
    return Uploader(stack)


def metadata(**values: str) -> str:
    """`Upload-Metadata`."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    """`Upload-Checksum`."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def original_of(stack: Stack, media_id: str) -> bytes:
    """The bytes in the private storage."""
    return (stack.folder / "private" / "originals" / media_id[:2] / media_id).read_bytes()


def upload_file(stack: Stack, upload_id: str) -> Path:
    """Where an open upload's bytes lie."""
    return stack.folder / "private" / "uploads" / upload_id[:2] / upload_id


def noise(size: int) -> bytes:
    return os.urandom(size)
