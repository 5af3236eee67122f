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


SWEEPS = """
from media_pipeline.finalizing import sweep_uploads
from media_pipeline.tasks import sweep_files
sweep_uploads()
sweep_files()
"""


def files_left(stack: Stack) -> list[Path]:
    return files_in(stack, "private/uploads")


def files_in(stack: Stack, folder: str) -> list[Path]:
    return [path for path in (stack.folder / folder).rglob("*") if path.is_file()]


def renditions_of(stack: Stack, media_id: str) -> list[Path]:
    return files_in(stack, f"media/renditions/{media_id[:2]}/{media_id}")


def begun(anna: Uploader, picture: bytes) -> str:
    """The media of a picture that came in two parts: the longest way that an upload can take."""
    middle = len(picture) // 2
    parts = []
    for piece in (picture[:middle], picture[middle:]):
        begun = anna.tus("POST", data=piece, Upload_Length=len(piece), Upload_Concat="partial")
        parts.append(begun.headers["Location"])
    return str(anna.tus("POST", Upload_Concat="final;" + " ".join(parts)).headers["Upload-Media-Id"])


def kill_and_finish(stack: Stack, anna: Uploader, picture: bytes, media_id: str) -> None:
    """Kills the worker at this moment; another one comes to the same end as if nothing had happened."""
    stack.kill("worker")
    stack.start("worker")

    def done() -> Any:
        media = anna.call("GET", f"/api/media/{media_id}/", 200)
        return media["status"] != "pending" and media["status"] != "processing" and media

    assert wait_until(done, seconds=120, what="the end of processing")["status"] == "ready"
    assert original_of(stack, media_id) == picture
    assert stack.query("SELECT count(*) FROM media_pipeline_media WHERE owner_id = %s", anna.id) == [(1,)]
    # Those of a run that was killed go just after the other has committed.
    wait_until(lambda: len(renditions_of(stack, media_id)) == 6, what="six renditions, and no more")
    anna.call("DELETE", f"/api/media/{media_id}/", 204)


def nothing_of(stack: Stack, media_id: str) -> bool:
    """Other tests' media are in the same folders."""
    kept = [*files_in(stack, "private/originals"), *files_in(stack, "media/renditions")]
    return not [path for path in kept if media_id in path.parts]


def sweep(stack: Stack) -> None:
    for path in [*files_left(stack), *files_in(stack, "private/originals"), *files_in(stack, "media/renditions")]:
        os.utime(path, (0, 0))
    stack.manage("shell", "-c", SWEEPS)


def is_at(stack: Stack, step: str, media_id: str) -> bool:
    if step == "the job is taken":
        sql = "SELECT attempts > 0 FROM realtime_job WHERE task = 'media_pipeline.finalize_upload'"
        return any(taken for (taken,) in stack.query(sql))
    if step == "the file is in its place":
        return (stack.folder / "private" / "originals" / media_id[:2] / media_id).exists()
    assert step == "the picture is worked on"
    [(status,)] = stack.query("SELECT status FROM media_pipeline_media WHERE id = %s", media_id)
    return bool(status != "pending")


@pytest.mark.parametrize("step", ["the job is taken", "the file is in its place", "the picture is worked on"])
def test_a_worker_killed_at_a_step_costs_nothing_but_time(
    stack: Stack, anna: Uploader, picture: bytes, step: str
) -> None:
    media_id = begun(anna, picture)
    # Or a moment later: the work takes milliseconds.
    wait_until(lambda: is_at(stack, step, media_id) or is_at(stack, "the picture is worked on", media_id), what=step)
    kill_and_finish(stack, anna, picture, media_id)
    sweep(stack)
    known = {
        str(pk)
        for (pk,) in stack.query("SELECT id FROM media_pipeline_uploadsession WHERE state IN ('open', 'sealed')")
    }
    assert {path.name for path in files_left(stack)} <= known
    assert nothing_of(stack, media_id)


@pytest.mark.faults
def test_a_worker_killed_at_any_step_costs_nothing_but_time(stack: Stack, anna: Uploader, picture: bytes) -> None:
    for path in files_left(stack):  # open uploads of other tests
        path.unlink()
    moments = random.Random(9)
    ended = []
    for _ in range(KILLS):
        media_id = begun(anna, picture)
        ended.append(media_id)
        time.sleep(moments.uniform(0, 0.6))  # not to wait for anything: to kill at any step of the work
        kill_and_finish(stack, anna, picture, media_id)
    sweep(stack)
    assert files_left(stack) == []
    assert all(nothing_of(stack, media_id) for media_id in ended)
    stack.wait_ready()
