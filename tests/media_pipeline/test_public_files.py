import asyncio
import os
import random
import resource
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.files import BLOCK, MediaFiles, parse_range
from tests.media_pipeline.conftest import get

SMALL = bytes(range(250))
LONG = random.Random(7).randbytes(3 * BLOCK + 11)


@pytest.fixture
def root(settings: Any) -> Path:
    """MEDIA_ROOT with a small and a long file."""
    root = Path(settings.MEDIA_ROOT)
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "small.jpg").write_bytes(SMALL)
    (root / "long.mp4").write_bytes(LONG)
    (root / "empty.png").write_bytes(b"")
    return root


def test_a_file_comes_whole_with_headers_that_make_it_harmless_and_lasting(root: Path) -> None:
    answer = get("/media/a/b/small.jpg")
    assert (answer.status_code, answer.content) == (200, SMALL)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == "250"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers


def test_a_long_file_comes_whole(root: Path) -> None:
    assert get("/media/long.mp4").content == LONG


def test_an_empty_file_comes_empty(root: Path) -> None:
    answer = get("/media/empty.png")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert get("/media/empty.png", range="bytes=0-").status_code == 416


def test_head_tells_the_length_and_sends_nothing(root: Path) -> None:
    for name, size in (("a/b/small.jpg", len(SMALL)), ("long.mp4", len(LONG))):
        answer = get(f"/media/{name}", "HEAD", range="bytes=0-1")
        assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(size), b"")
    answer = get("/media/missing.jpg", "HEAD")
    assert (answer.status_code, answer.content) == (404, b"")


def test_what_the_client_has_already_is_not_sent_again(root: Path) -> None:
    etag = get("/media/a/b/small.jpg").headers["etag"]
    for value in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = get("/media/a/b/small.jpg", if_none_match=value)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert get("/media/a/b/small.jpg", if_none_match='"other"').status_code == 200
    os.utime(root / "a" / "b" / "small.jpg", (1, 1))
    assert get("/media/a/b/small.jpg", if_none_match=etag).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=240-", 240, 249),
        ("bytes=240-9999", 240, 249),
        ("bytes=-10", 240, 249),
        ("bytes=-9999", 0, 249),
        ("Bytes=5-6", 5, 6),
    ],
)
def test_a_range_comes_as_such(root: Path, wanted: str, first: int, last: int) -> None:
    answer = get("/media/a/b/small.jpg", range=wanted)
    assert (answer.status_code, answer.content) == (206, SMALL[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/250"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("first", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 5])
@pytest.mark.parametrize("length", [1, BLOCK, BLOCK + 1])
def test_a_range_of_a_long_file_comes_as_such(root: Path, first: int, length: int) -> None:
    answer = get("/media/long.mp4", range=f"bytes={first}-{first + length - 1}")
    assert (answer.status_code, answer.content) == (206, LONG[first : first + length])


@pytest.mark.parametrize("wanted", ["bytes=250-", "bytes=999-1000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_length(root: Path, wanted: str) -> None:
    answer = get("/media/a/b/small.jpg", range=wanted)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */250")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,5-6", "lines=0-1", "bytes=5-4", "bytes=-", "bytes=a-b", "bytes=", "0-1", "bytes=٣-٤"]
)
def test_a_range_that_is_not_understood_is_ignored(wanted: str) -> None:
    assert parse_range(wanted, 250) is None


def test_without_an_understood_range_the_file_comes_whole(root: Path) -> None:
    answer = get("/media/a/b/small.jpg", range="bytes=0-1,5-6")
    assert (answer.status_code, answer.content) == (200, SMALL)


def test_a_range_of_another_version_gets_all_of_this_one(root: Path) -> None:
    etag = get("/media/a/b/small.jpg").headers["etag"]
    assert get("/media/a/b/small.jpg", range="bytes=0-1", if_range=etag).status_code == 206
    assert get("/media/a/b/small.jpg", range="bytes=0-1", if_range='"other"').content == SMALL


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_files_can_only_be_read(root: Path, method: str) -> None:
    answer = get("/media/a/b/small.jpg", method)
    assert (answer.status_code, answer.headers["allow"], answer.json()["code"]) == (
        405,
        "GET, HEAD, OPTIONS",
        "method_not_allowed",
    )


def test_a_player_of_another_origin_may_ask_whether_it_may_ask_for_a_range(root: Path) -> None:
    asked = {"Origin": "https://cook.example", "Access-Control-Request-Method": "GET"}
    answer = get("/media/a/b/small.jpg", "OPTIONS", **asked, Access_Control_Request_Headers="range")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Range" in answer.headers["access-control-allow-headers"].split(", ")


async def ask(path: str, method: str = "GET") -> list[Any]:
    """The messages for a path that no client library would send."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    await MediaFiles()({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
    return sent


OUTSIDE = [
    "/media/",
    "/media",
    "/media/a",
    "/media/a/b",
    "/media/a/b/",
    "/media/a/b/missing.jpg",
    "/media/../secret.jpg",
    "/media/a/../../secret.jpg",
    "/media/a/../long.mp4",
    "/media//long.mp4",
    "/media/./long.mp4",
    "/media//etc/passwd",
    "/media/..\\secret.jpg",
    "/media/long.mp4/",
    "/media/long.mp4/x.jpg",
    "/media/long.mp4\0.jpg",
    "/media/lone\udcff.jpg",
    "/media/" + "x" * 300 + ".jpg",
    "/media/.hidden.jpg",
    "/media/.hidden/inside.jpg",
    "/media/page.html",
    "/media/picture.svg",
    "/media/script.js",
    "/media/none",
    "/media/folder.jpg",
    "/media/link.jpg",
    "/media/linked/secret.jpg",
    "/media/inner.jpg",
    "/media/pipe.jpg",
    "/media/socket.jpg",
]


@pytest.mark.parametrize("path", OUTSIDE)
async def test_nothing_else_gets_out(root: Path, tmp_path: Path, path: str) -> None:
    (root.parent / "secret.jpg").write_bytes(b"secret")
    (root / ".hidden").mkdir()
    (root / "folder.jpg").mkdir()
    for name in ("page.html", "picture.svg", "script.js", "none", ".hidden.jpg", ".hidden/inside.jpg"):
        (root / name).write_bytes(b"secret")
    (root / "link.jpg").symlink_to(root.parent / "secret.jpg")
    (root / "linked").symlink_to(root.parent)
    (root / "inner.jpg").symlink_to("a/b/small.jpg")
    os.mkfifo(root / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(root, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{here}/socket.jpg" if len(str(root)) > 80 else str(root / "socket.jpg"))
        finally:
            os.close(here)
        start, body = await ask(path)
    assert start["status"] == 404
    assert dict(start["headers"])[b"content-type"] == b"application/problem+json"
    assert dict(start["headers"])[b"cache-control"] == b"no-store"
    assert b"secret" not in body["body"]


async def test_media_root_itself_may_be_a_link(root: Path, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(root)
    settings.MEDIA_ROOT = tmp_path / "elsewhere"
    start, body = await ask("/media/a/b/small.jpg")
    assert (start["status"], body["body"]) == (200, SMALL)


def test_without_any_file_yet_it_is_404(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "not made yet"
    assert get("/media/a.jpg").status_code == 404


def test_a_process_out_of_file_descriptors_says_that_it_is_busy(root: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    transport = httpx.ASGITransport(app=MediaFiles())  # type: ignore[arg-type]

    async def ask_for_it() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://simmer") as client:
            try:
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                return await client.get("/media/a/b/small.jpg")
            finally:
                while held:
                    os.close(held.pop())

    async def warm_then_ask() -> httpx.Response:
        # Whatever is imported or started at the first request needs descriptors of its own.
        async with httpx.AsyncClient(transport=transport, base_url="http://simmer") as client:
            assert (await client.get("/media/a/b/small.jpg")).status_code == 200
        await asyncio.to_thread(lambda: None)
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, before[1]))
        try:
            return await ask_for_it()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    answer = asyncio.run(warm_then_ask())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_client_that_leaves_is_not_read_for(root: Path) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/media/long.mp4", "headers": []}
    await MediaFiles()(scope, receive, send)
    assert sum(len(message.get("body", b"")) for message in sent) < len(LONG)


async def test_a_file_that_shrinks_meanwhile_ends_in_an_error_and_not_early(root: Path) -> None:
    async def send(message: Any) -> None:
        os.truncate(root / "long.mp4", BLOCK)

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": "/media/long.mp4", "headers": []}
    with pytest.raises(OSError, match="shrank"):
        await MediaFiles()(scope, receive, send)
