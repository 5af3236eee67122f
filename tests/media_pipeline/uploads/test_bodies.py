"""Bodies as they come from a server that does not hold them back: in pieces, in several blocks, cut off."""

import asyncio
from typing import Any

import pytest

from accounts.services.sessions import session_open
from core import threads
from core.asgi import application
from media_pipeline.bodies import BLOCK
from media_pipeline.models import Extent, UploadSession
from tests.actors import access_of
from tests.core.exchange import Exchange, until
from tests.factories import UserFactory
from tests.media_pipeline.uploads.conftest import checksum, noise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token() -> Any:
    yield access_of(session_open(user=UserFactory()))
    threads.close()


def tus(token: str, method: str, path: str, body: list[bytes], **headers: str) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named |= {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    if method == "PATCH":
        named.setdefault("Content-Type", "application/offset+octet-stream")
    return Exchange(application, path, method=method, headers=named, body=body)


async def begun(token: str, length: int) -> str:
    answer = await tus(token, "POST", "/api/tus/", [b""], Upload_Length=str(length)).finish()
    assert answer.status == 201, answer.content
    return answer.headers["location"]


def stored(path: str) -> tuple[int, int]:
    """(bytes, extents) acknowledged."""
    extents = Extent.objects.filter(session=path.split("/")[-2])
    return sum(extent.length for extent in extents), len(extents)


async def test_a_long_body_is_written_block_by_block(token: str) -> None:
    pieces = [noise(256 * 1024)] * (2 * BLOCK // (256 * 1024) + 10)
    size = sum(map(len, pieces))
    path = await begun(token, size + 1)
    answer = await tus(token, "PATCH", path, pieces, Upload_Offset="0", Origin="https://cook.example").finish()
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(size))
    assert [name for name in answer.headers if name == "upload-offset"] == ["upload-offset"]
    assert await threads.run(stored, path) == (size, 3)


async def test_of_a_body_that_is_cut_off_what_came_is_kept(token: str) -> None:
    path = await begun(token, 3 * BLOCK)
    patch = tus(token, "PATCH", path, [noise(BLOCK), noise(BLOCK), noise(100), b""], Upload_Offset="0")
    # The last piece said that it was the last one.
    patch.inbox._queue[-1] = {"type": "http.disconnect"}  # type: ignore[attr-defined]
    await patch.finish()
    assert (await threads.run(stored, path))[0] == 2 * BLOCK + 100


async def test_of_a_body_with_a_checksum_that_is_cut_off_nothing_is_kept(token: str) -> None:
    data = noise(BLOCK)
    path = await begun(token, 3 * BLOCK)
    patch = tus(
        token, "PATCH", path, [data, data, b""], Upload_Offset="0", Upload_Checksum=checksum(data + data + data)
    )
    patch.inbox._queue[-1] = {"type": "http.disconnect"}  # type: ignore[attr-defined]
    await patch.finish()
    assert await threads.run(stored, path) == (0, 0)
    whole = tus(token, "PATCH", path, [data, data], Upload_Offset="0", Upload_Checksum=checksum(data + data))
    assert (await whole.finish()).headers["upload-offset"] == str(2 * BLOCK)


async def test_a_creation_whose_long_body_is_refused_or_cut_off_leaves_no_upload(token: str) -> None:
    piece = noise(BLOCK)
    body = {"Content_Type": "application/offset+octet-stream"}
    length = {**body, "Upload_Length": str(4 * BLOCK)}
    longer = {**body, "Upload_Length": str(2 * BLOCK + 1)}
    wrong = await tus(token, "POST", "/api/tus/", [piece] * 4, **length, Upload_Checksum=checksum(b"")).finish()
    assert (wrong.status, wrong.json["status"]) == (460, 460)
    too_long = await tus(token, "POST", "/api/tus/", [piece] * 4, **longer).finish()
    assert (too_long.status, too_long.json["code"]) == (413, "too_large")
    assert "location" not in wrong.headers and "location" not in too_long.headers
    cut = tus(token, "POST", "/api/tus/", [piece] * 3, **length)
    cut.inbox._queue[-1] = {"type": "http.disconnect"}  # type: ignore[attr-defined]
    await cut.finish()
    assert await threads.run(lambda: (UploadSession.objects.count(), Extent.objects.count())) == (0, 0)
    whole = await tus(token, "POST", "/api/tus/", [piece] * 4, **length).finish()
    assert (whole.status, whole.headers["upload-offset"]) == (201, str(4 * BLOCK))


async def test_a_long_body_that_fails_midway_says_why_and_keeps_its_headers(token: str) -> None:
    data = noise(BLOCK)
    path = await begun(token, 2 * BLOCK)
    answer = await tus(token, "PATCH", path, [data, data, data], Upload_Offset="0").finish()
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert answer.headers["tus-resumable"] == "1.0.0"
    path = await begun(token, 3 * BLOCK)
    bad = tus(token, "PATCH", path, [data, data], Upload_Offset="0", Upload_Checksum=checksum(b""))
    refused = await bad.finish()
    assert (refused.status, refused.json["status"]) == (460, 460)


async def test_a_slow_writer_keeps_others_out_and_lets_go_when_it_is_cancelled(token: str) -> None:
    data = noise(BLOCK)
    path = await begun(token, 9 * BLOCK)
    slow = tus(token, "PATCH", path, [data] * 4 + [b""], Upload_Offset="0", Upload_Checksum=checksum(data))
    slow.inbox._queue.pop()  # type: ignore[attr-defined]
    # The second block is asked for when the first has been written.
    await until(lambda: slow.inbox.empty())
    other = tus(token, "PATCH", path, [b"x"], Upload_Offset="0")
    assert (await other.finish()).status == 423
    slow.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow.task
    again = tus(token, "PATCH", path, [b"x"], Upload_Offset="0")
    assert (await again.finish()).status == 204
