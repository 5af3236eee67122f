"""kill -9 of a real worker at each step of putting an upload into a bucket: the same bytes, one media, nothing left."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.processes import stop
from tests import services
from tests.live.people import Person
from tests.media_pipeline.pictures import encoded
from tests.media_pipeline.storages.between import Between, between
from tests.media_pipeline.uploads.conftest import Uploader
from tests.s3 import Bucket, new_bucket
from tests.stack import Stack, wait_until

CHUNK = 6_000_000
SWEEP = """
from datetime import timedelta
from media_pipeline import finalizing, tasks
finalizing.SWEPT_AFTER = tasks.SWEPT_AFTER = timedelta(seconds=-60)
finalizing.sweep_uploads()
tasks.sweep_files()
"""


class BucketStack(Stack):
    """A stack of its own whose media are in a bucket."""

    def __init__(self, folder: Path, bucket: Bucket, way: Between, redis_url: str) -> None:
        super().__init__(folder)
        self.database += "_s3"
        self.database_url += "_s3"
        self.env |= {"DATABASE_URL": self.database_url, "REDIS_URL": redis_url, "BUS_PREFIX": "stack-s3"}
        self.env |= {**bucket.environment, "AWS_S3_ENDPOINT_URL": way.endpoint}
        self.bucket, self.way = bucket, way


@pytest.fixture(scope="module", params=["moto", pytest.param("rclone", marks=pytest.mark.faults)])
def bucket_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: str
) -> Iterator[BucketStack]:
    folder = tmp_path_factory.mktemp(f"stack-{request.param}")
    endpoint: str = request.getfixturevalue(f"{request.param}_endpoint")
    server, redis_url, _ = services.start_redis(folder)
    with between(endpoint) as way:
        stack = BucketStack(folder / "stack", new_bucket(request.param, endpoint), way, redis_url)
        try:
            stack.create(template=migrated)
            yield stack
        finally:
            way.let_go.set()
            stack.destroy()
            stop(server.process, signum=signal.SIGTERM)


@pytest.fixture
def anna(bucket_stack: BucketStack) -> Iterator[Uploader]:
    yield Uploader(bucket_stack)
    while Person.clients:
        Person.clients.pop().close()


@pytest.fixture(scope="module")
def large() -> bytes:
    """A PNG of 7 MB: of two extents, one of which S3 can copy."""
    return encoded(Image.effect_noise((2650, 2650), 64), "PNG", compress_level=0)


def of_the_original(method: str, what: str) -> Callable[[str, str], bool]:
    """A request about an original whose address has WHAT."""
    return lambda found, path: found == method and "/originals/" in path and what in path


STEPS = {
    "began to compose": (of_the_original("POST", "uploads"), True),
    "sent a part": (of_the_original("PUT", "partNumber=1"), True),
    "is about to compose": (of_the_original("POST", "uploadId="), False),
    "composed": (of_the_original("POST", "uploadId="), True),
    "looks at what it composed": (of_the_original("HEAD", ""), False),
    "deletes the extents": (lambda method, path: method == "POST" and "delete" in path, False),
    "has deleted the extents": (lambda method, path: method == "POST" and "delete" in path, True),
}


def killed_and_finished(stack: BucketStack, anna: Uploader, data: bytes, step: str) -> None:
    which, answer = STEPS[step]
    upload = anna.begin(len(data), chunk_size=CHUNK, content_type="image/png")
    anna.put_all(upload, data)
    stack.way.hold(which, answer=answer)
    media_id = anna.finalize(upload).json()["media_id"]
    assert stack.way.is_holding.wait(60), f"nobody {step}\n{stack.log('worker')}"
    stack.kill("worker")
    stack.way.let_go.set()
    stack.start("worker")

    def done() -> Any:
        media = anna.call("GET", f"/api/media/{media_id}/", 200)
        return media if media["status"] in ("ready", "failed") else None

    media = wait_until(done, seconds=120, what="the end of processing")
    assert media["status"] == "ready", (media, stack.log("worker"))
    assert stack.bucket.read(f"originals/{media_id[:2]}/{media_id}") == data
    assert stack.query("SELECT count(*) FROM media_pipeline_media WHERE owner_id = %s", anna.id) == [(1,)]
    stack.wait_ready()
    stack.manage("shell", "-c", SWEEP)
    assert stack.bucket.keys("uploads/") == [] and stack.bucket.unfinished() == []
    assert len(stack.bucket.keys("renditions/")) == 6
    anna.call("DELETE", f"/api/media/{media_id}/", 204)
    assert stack.bucket.keys() == []


def test_a_worker_killed_between_the_object_and_its_row_costs_nothing(
    bucket_stack: BucketStack, anna: Uploader, large: bytes
) -> None:
    killed_and_finished(bucket_stack, anna, large, "composed")


@pytest.mark.faults
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_each_step_costs_nothing(
    bucket_stack: BucketStack, anna: Uploader, large: bytes, step: str
) -> None:
    killed_and_finished(bucket_stack, anna, large, step)


def test_memory_of_the_web_server_is_that_of_chunks(bucket_stack: BucketStack, anna: Uploader) -> None:
    data = os.urandom(8 * 1024 * 1024)
    upload = anna.begin(24 * len(data), chunk_size=len(data), content_type="video/mp4")
    for index in range(2):
        assert anna.put(upload, index, data).status_code == 201
    before = memory(bucket_stack)
    for index in range(2, 24):
        assert anna.put(upload, index, data).status_code == 201
    grown = memory(bucket_stack) - before
    anna.call("DELETE", f"/api/uploads/{upload['id']}/", 204)
    assert grown <= 2 * len(data), f"{grown} bytes"


def memory(stack: Stack) -> int:
    """The most that the web server has ever had, in bytes."""
    status = Path(f"/proc/{stack.processes['web'].pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
