"""kill -9 of the worker while it finalizes: the same bytes, one media, and nothing left over."""

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.media_pipeline.uploads.conftest import Uploader, original_of
from tests.stack import Stack, wait_until

KILLS = 50


def files_left(stack: Stack) -> list[Path]:
    return [path for path in (stack.folder / "private" / "uploads").rglob("*") if path.is_file()]


def kill_and_finish(stack: Stack, anna: Uploader, picture: bytes, moment: float) -> None:
    middle = len(picture) // 2
    parts = []
    for piece in (picture[:middle], picture[middle:]):
        begun = anna.tus("POST", data=piece, Upload_Length=len(piece), Upload_Concat="partial")
        parts.append(begun.headers["Location"])
    whole = anna.tus("POST", Upload_Concat="final;" + " ".join(parts))
    media_id = whole.headers["Upload-Media-Id"]
    time.sleep(moment)  # not to wait for anything: to kill at any step of the work
    stack.kill("worker")
    stack.start("worker")

    def done() -> Any:
        media = anna.call("GET", f"/api/media/{media_id}/", 200)
        return media["status"] != "pending" and media["status"] != "processing" and media

    assert wait_until(done, seconds=120, what="the end of processing")["status"] == "ready"
    assert original_of(stack, media_id) == picture
    assert stack.query("SELECT count(*) FROM media_pipeline_media WHERE owner_id = %s", anna.id) == [(1,)]
    anna.call("DELETE", f"/api/media/{media_id}/", 204)


@pytest.mark.faults
def test_a_worker_killed_at_any_step_costs_nothing_but_time(stack: Stack, anna: Uploader, picture: bytes) -> None:
    for path in files_left(stack):  # open uploads of other tests
        path.unlink()
    moments = random.Random(9)
    for _ in range(KILLS):
        kill_and_finish(stack, anna, picture, moments.uniform(0, 0.6))
    for path in files_left(stack):
        os.utime(path, (0, 0))
    stack.manage("shell", "-c", "from media_pipeline.finalizing import sweep_uploads; sweep_uploads()")
    assert files_left(stack) == []
    stack.wait_ready()
