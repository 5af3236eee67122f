"""A file of any size takes the server's memory of its chunks in flight alone, and ends by a rename."""

import hashlib
import re
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.media_pipeline.uploads.conftest import Uploader, upload_file
from tests.stack import Stack

CHUNK = 4 * 1024 * 1024
IN_FLIGHT = 4
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def memory_kb(pid: int, name: str) -> int:
    """`VmRSS`, or `VmHWM`: the most since `forget_peak`."""
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def chunk(index: int) -> bytes:
    """Each differs from the others."""
    return (b"%012d" % index) * (CHUNK // 12) + bytes(CHUNK % 12)


def send(anna: Uploader, count: int) -> str:
    """The media of an upload of COUNT chunks, IN_FLIGHT of them at once."""
    upload = anna.begin(count * CHUNK, filename="a.mp4", content_type="video/mp4", chunk_size=CHUNK)
    clients = threading.local()

    def put(index: int) -> int:
        if not hasattr(clients, "own"):
            clients.own = httpx.Client(base_url=anna.stack.url, headers=anna.rest.headers, timeout=120)
            opened.append(clients.own)
        path = f"/api/uploads/{upload['id']}/chunks/{index}/"
        return int(clients.own.put(path, content=chunk(index)).status_code)

    opened: list[httpx.Client] = []
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        assert set(pool.map(put, range(count))) == {201}
    for client in opened:
        client.close()
    inode = upload_file(anna.stack, upload["id"]).stat().st_ino
    media_id = str(anna.finalize(upload).json()["media_id"])
    anna.finished(media_id)
    # The very file, by another name: what ends is as fast however large it is.
    assert original(anna.stack, media_id).stat().st_ino == inode
    return media_id


def original(stack: Stack, media_id: str) -> Path:
    return stack.folder / "private" / "originals" / media_id[:2] / media_id


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            yield block


def arrives_in_bounded_memory(stack: Stack, anna: Uploader, count: int) -> None:
    warm = send(anna, 2 * IN_FLIGHT)
    web = stack.processes["web"].pid
    before = memory_kb(web, "VmRSS")
    assert before > 30_000, "this is not the server"
    forget_peak(web)
    media_id = send(anna, count)
    grown = memory_kb(web, "VmHWM") - before
    assert grown * 1024 <= 2 * CHUNK * IN_FLIGHT, f"{grown} kB"
    found, wanted = hashlib.sha256(), hashlib.sha256()
    for index, block in enumerate(blocks(original(stack, media_id))):
        found.update(block)
        wanted.update(chunk(index))
    assert original(stack, media_id).stat().st_size == count * CHUNK
    assert found.digest() == wanted.digest()
    for one in (warm, media_id):
        anna.call("DELETE", f"/api/media/{one}/", 204)


def test_a_file_of_128_megabytes(stack: Stack, anna: Uploader) -> None:
    arrives_in_bounded_memory(stack, anna, 32)


@pytest.mark.faults
def test_a_file_of_two_gigabytes(stack: Stack, anna: Uploader) -> None:
    arrives_in_bounded_memory(stack, anna, 512)
