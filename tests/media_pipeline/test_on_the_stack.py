import random
import time
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.media_pipeline.pictures import encoded, gps_exif, photo, quarters, stored_as
from tests.stack import Stack, wait_until

KILLS = 50


@pytest.fixture
def client(stack: Stack) -> Any:
    """A signed-in client of the real server."""
    with httpx.Client(base_url=stack.url, timeout=30) as client:
        name = f"u{uuid4().hex[:12]}"
        body = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery"}
        answer = client.post("/api/auth/register/", json=body)
        assert answer.status_code == 201, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access']}"
        yield client


def upload(client: httpx.Client, data: bytes) -> str:
    answer = client.post("/api/media/", files={"file": ("photo.jpg", data, "image/jpeg")})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ready(client: httpx.Client, media_id: str, *, seconds: float = 30) -> Any:
    def finished() -> Any:
        media = client.get(f"/api/media/{media_id}/").json()
        return media if media["status"] in ("ready", "failed") else None

    media = wait_until(finished, seconds=seconds, what="the end of processing")
    assert media["status"] == "ready", media
    return media


def events_of(stack: Stack, media_id: str) -> list[tuple[Any, ...]]:
    sql = "SELECT type FROM realtime_streamevent WHERE type LIKE 'media.%%' AND data->>'id' = %s"
    return stack.query(sql, media_id)


def files_of(stack: Stack, media_id: str) -> list[Path]:
    return [path for path in stack.folder.rglob(f"*{media_id}*/**/*") if path.is_file()]


def test_a_phone_photo_travels_from_upload_to_page(stack: Stack, client: httpx.Client) -> None:
    upright = photo(3000, 4000)
    media = ready(client, upload(client, encoded(stored_as(upright, 6), exif=gps_exif(6))))
    wait_until(lambda: events_of(stack, media["id"]) == [("media.ready",)], what="media.ready")
    answer = httpx.get(stack.url + media["url"])
    assert answer.headers["content-type"] == "image/jpeg"
    picture = Image.open(BytesIO(answer.content))
    assert picture.size == (600, 800)
    assert not picture.getexif()
    wanted = quarters(upright.resize((600, 800)))
    found = quarters(picture)
    assert all(
        abs(a - b) < 40 for one, other in zip(found, wanted, strict=True) for a, b in zip(one, other, strict=True)
    )

    etag = answer.headers["etag"]
    assert httpx.get(stack.url + media["url"], headers={"If-None-Match": etag}).status_code == 304
    part = httpx.get(stack.url + media["url"], headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, answer.content[2:10])
    head = httpx.head(stack.url + media["url"])
    assert (head.headers["content-length"], head.content) == (str(len(answer.content)), b"")
    assert httpx.get(f"{stack.url}/media/../private/originals/").status_code == 403
    assert httpx.get(f"{stack.url}/media/%2e%2e/private/originals/x.jpg").status_code == 404


def begun(stack: Stack, media_id: str) -> bool:
    return bool(stack.query("SELECT 1 FROM media_pipeline_media WHERE id = %s AND status <> 'pending'", media_id))


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_costs_nothing_but_time(stack: Stack, client: httpx.Client) -> None:
    data = encoded(photo(4000, 3000))
    undisturbed = ready(client, upload(client, data))
    wanted = [httpx.get(stack.url + made["url"]).content for made in undisturbed["renditions"].values()]
    moments = random.Random(5)
    for _ in range(KILLS):
        media_id = upload(client, data)
        wait_until(partial(begun, stack, media_id), what="the start of processing")
        time.sleep(moments.uniform(0, 0.2))  # not to wait for anything: to kill at any step of the work
        stack.kill("worker")
        stack.start("worker")
        media = ready(client, media_id, seconds=90)
        assert [httpx.get(stack.url + made["url"]).content for made in media["renditions"].values()] == wanted
        wait_until(partial(events_of, stack, media_id), what="media.ready")
        assert events_of(stack, media_id) == [("media.ready",)]
        assert len(files_of(stack, media_id)) == 6
    stack.wait_ready()
