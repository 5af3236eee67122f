import base64
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest
from django.core.checks import run_checks
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, transaction
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline import confined, transcoding, video, work_folders
from media_pipeline.models import Media
from media_pipeline.services import media_delete
from media_pipeline.tasks import sweep_files
from realtime.jobs import execute
from realtime.models import Job, StreamEvent
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import processed, upload
from tests.media_pipeline.pictures import corners, encoded
from tests.media_pipeline.test_processing_jobs import DyingStorage, Killed, try_again
from tests.media_pipeline.video.films import FFMPEG, film
from tests.stack import wait_until

Files = Callable[[], list[Path]]
# Six renditions of the poster, two of the film, and the master playlist.
WRITES = 9
SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def small() -> bytes:
    return film("320x180", seconds=1, options=SMALL)


@pytest.fixture
def dying(settings: Settings) -> type[DyingStorage]:
    backend = f"{DyingStorage.__module__}.DyingStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "BACKEND": backend}}
    DyingStorage.failure = Killed
    DyingStorage.writes_left = 100
    return DyingStorage


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's workers have their work folders."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_film_waits_for_its_job(ann: APIClient) -> None:
    answer = upload(ann, small(), name="../holiday.txt")
    media = answer.json()
    assert (media["kind"], media["status"], media["progress"]) == ("video", "pending", 0)
    assert (media["url"], media["poster"], media["hls_url"], media["duration"]) == (None, None, None, None)
    assert Media.objects.get().content_type == "video/mp4"
    job = Job.objects.get()
    assert (job.task, job.queue, job.args) == ("media_pipeline.process_video", "media", {"media_id": media["id"]})


def test_a_film_may_be_larger_than_a_picture(ann: APIClient) -> None:
    padded = small() + b"\0\0\0\x08free" + bytes(21 * 1024**2)
    assert upload(ann, padded).status_code == 202
    assert upload(ann, encoded(corners()) + bytes(21 * 1024**2)).status_code == 413


def test_as_a_picture_a_film_is_refused(ann: APIClient) -> None:
    answer = ann.post("/api/media/", {"image": base64.b64encode(small()).decode()})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    answer = ann.put("/api/me/picture/", {"picture": base64.b64encode(small()).decode()})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("writes", range(WRITES + 1))
def test_killed_at_any_write_and_run_again_it_comes_to_the_same(
    ann: APIClient, dying: type[DyingStorage], files: Files, work: Path, writes: int
) -> None:
    media_id = upload(ann, small()).json()["id"]
    dying.writes_left = writes
    if writes < WRITES:
        with pytest.raises(Killed):
            run_jobs()
        assert ann.get(f"/api/media/{media_id}/").json()["status"] == "processing"
    dying.writes_left = 100
    try_again()
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "ready"
    assert StreamEvent.objects.filter(type="media.ready").count() == 1
    assert Job.objects.count() == 0
    assert len(files()) == 1 + WRITES  # an original and what was made, none left of the first run
    assert list(work.iterdir()) == []
    sweep_files()
    assert len(files()) == 1 + WRITES


def test_what_a_killed_worker_left_on_the_disk_is_swept(ann: APIClient, work: Path) -> None:
    abandoned, at_work, foreign = (work / name for name in ("simmer-media-a", "simmer-media-b", "other"))
    for folder in (abandoned, at_work, foreign):
        folder.mkdir()
        (folder / "720p.mp4").write_bytes(b"half")
    long_ago = time.time() - work_folders.ABANDONED_SECONDS - 1
    for folder in (abandoned, foreign):
        os.utime(folder, (long_ago, long_ago))
    sweep_files()
    assert sorted(path.name for path in work.iterdir()) == ["other", "simmer-media-b"]


def test_a_message_that_comes_twice_does_nothing_the_second_time(ann: APIClient) -> None:
    upload(ann, small())
    job = Job.objects.get()
    assert execute(job.id)
    assert not execute(job.id)
    job.save(force_insert=True)
    run_jobs()
    assert StreamEvent.objects.filter(type="media.ready").count() == 1


def test_a_lost_original_fails(ann: APIClient, files: Files) -> None:
    media_id = upload(ann, small()).json()["id"]
    files()[0].unlink()
    run_jobs()
    assert ann.get(f"/api/media/{media_id}/").json()["error"] == "original_missing"
    assert Job.objects.count() == 0


def test_a_film_deleted_before_its_job_needs_none(ann: APIClient, files: Files) -> None:
    upload(ann, small())
    media_delete(media=Media.objects.get())
    run_jobs()
    assert (Job.objects.count(), StreamEvent.objects.count()) == (0, 0)


def test_a_film_deleted_while_ffmpeg_works_ends_it_at_once(
    ann: APIClient, files: Files, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcoding, "PROGRESS_SECONDS", 0)
    # Half an hour of it would take minutes.
    upload(ann, film("320x180", seconds=1790, rate=2, sound=False, options=(*SMALL, "-g", "9999")))
    run = confined.run

    def run_and_delete(command: list[str], **options: Any) -> confined.Finished:
        if on_line := options.get("on_line"):

            def delete_then_tell(line: str) -> None:
                if line.startswith("out_time_us"):
                    Media.objects.all().delete()
                on_line(line)

            options["on_line"] = delete_then_tell
        return run(command, **options)

    monkeypatch.setattr(confined, "run", run_and_delete)
    run_jobs()
    assert (Job.objects.count(), StreamEvent.objects.count()) == (0, 0)
    assert len(files()) == 1  # the original, which the sweep takes
    assert list(work.iterdir()) == []


def test_without_ffmpeg_films_fail_with_a_message_and_pictures_go_on(
    ann: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "imageio" in video.ffmpeg_path()  # the wheel's
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert processed(ann, small())["error"] == "ffmpeg_missing"
    assert "apt install ffmpeg" in caplog.text
    assert [warning.id for warning in run_checks(tags=["media"])] == ["media_pipeline.W001"]
    assert processed(ann, encoded(corners()))["status"] == "ready"


def test_with_the_ffmpeg_of_the_wheel_a_film_plays_too(ann: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    media = processed(ann, film("960x540", seconds=2))
    assert (media["status"], media["error"]) == ("ready", None)


@pytest.mark.parametrize("has_zimg", [True, False])
def test_zimg_scales_where_ffmpeg_has_it(
    ann: APIClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_zimg: bool
) -> None:
    heard = tmp_path / "arguments"
    listed = "cat" if has_zimg else "grep -v zscale"
    ours = tmp_path / "bin" / "ffmpeg"
    ours.parent.mkdir()
    ours.write_text(
        f"""#!/bin/sh
        case "$*" in
            *-filters*) {FFMPEG} "$@" | {listed} ;;
            *) echo "$*" > {heard}; exec {FFMPEG} "$@" ;;
        esac
        """
    )
    ours.chmod(0o755)
    monkeypatch.setenv("PATH", str(ours.parent), prepend=os.pathsep)
    media = processed(ann, film("960x540", seconds=1))
    assert (media["status"], media["error"]) == ("ready", None)
    assert ("zscale" in heard.read_text()) == has_zimg


def test_what_takes_too_long_is_ended_with_all_that_it_started(
    ann: APIClient, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = confined.Limits(seconds=0.5, memory=4 * 1024**3, file_size=1024**3)
    monkeypatch.setattr(video, "FFMPEG_LIMITS", limits)
    media = processed(ann, film("1920x1080", seconds=60, rate=10, sound=False))
    assert media["error"] == "timed_out"
    assert list(work.iterdir()) == []


# An ffmpeg that gets no memory ends, most of the time; now and then its threads wait for each other instead, or it
# gets no thread, which is not the film's fault and is tried again.
@pytest.mark.parametrize(("limit", "codes"), [("memory", {"too_large", "timed_out"}), ("file_size", {"too_large"})])
def test_what_takes_too_much_is_ended(
    ann: APIClient, monkeypatch: pytest.MonkeyPatch, limit: str, codes: set[str]
) -> None:
    limits: dict[str, Any] = {"seconds": 20, "memory": 4 * 1024**3, "file_size": 1024**3}
    limits[limit] = 300 * 1024**2 if limit == "memory" else 2000
    monkeypatch.setattr(video, "FFMPEG_LIMITS", confined.Limits(**limits))
    media_id = processed(ann, film("1920x1080", seconds=1))["id"]
    while Job.objects.exclude(state=Job.State.DEAD).exists():
        try_again()
    assert ann.get(f"/api/media/{media_id}/").json()["error"] in codes


def test_a_full_disk_is_not_the_films_fault(ann: APIClient, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ffmpeg says nothing of it and ends as if all were well: its files are just short."""

    def lose_the_end(command: list[str], **options: Any) -> confined.Finished:
        finished = run(command, **options)
        for path in work.rglob("*.mp4"):
            os.truncate(path, 2000)
        return finished

    run = confined.run
    monkeypatch.setattr(confined, "run", lose_the_end)
    media_id = upload(ann, film("640x360", seconds=1)).json()["id"]
    run_jobs()
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "processing"
    assert "could not write all" in Job.objects.get().error
    monkeypatch.setattr(confined, "run", run)
    try_again()
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "ready"


class PathlessStorage(FileSystemStorage):
    """As an object store: there are no paths."""

    asked: ClassVar[int] = 0

    def path(self, name: str) -> str:
        if not getattr(self, "_inside", False):
            type(self).asked += 1
            raise NotImplementedError
        return super().path(name)

    def open(self, name: str, mode: str = "rb") -> Any:
        self._inside = True
        try:
            return super().open(name, mode)
        finally:
            self._inside = False


def test_an_original_in_an_object_store_is_fetched(ann: APIClient, settings: Settings) -> None:
    upload(ann, small())
    private = {**settings.STORAGES["private"], "BACKEND": f"{__name__}.PathlessStorage"}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    run_jobs()
    assert Media.objects.get().status == "ready"
    assert PathlessStorage.asked == 1


@pytest.mark.parametrize("missing", [{"hls": ""}, {"duration": None}, {"duration": 0}])
def test_the_database_takes_no_ready_film_that_does_not_play(ann: APIClient, missing: dict[str, Any]) -> None:
    processed(ann, small())
    with pytest.raises(IntegrityError), transaction.atomic():
        Media.objects.update(**missing)


def test_what_runs_confined_sees_none_of_our_secrets_and_leaves_nobody(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    lines: list[str] = []
    limits = confined.Limits(seconds=20, memory=1024**3, file_size=1024)
    script = "env; ulimit -v; sleep 60 >/dev/null & echo child $!"
    finished = confined.run(["sh", "-c", script], limits=limits, errors=work / "log", on_line=lines.append)
    assert (finished.code, finished.timed_out) == (0, False)
    assert str(1024**2) in lines
    [child] = [int(line.split()[1]) for line in lines if line.startswith("child ")]
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie", what="its end")
    assert not [line for line in lines if "do not tell" in line]
