"""Pictures that were made to take all the time and memory of a worker: they fail at once, and nobody waits for them."""

import os
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image
from rest_framework.test import APIClient

from media_pipeline import confined, pictures
from media_pipeline.headers import MAX_SEGMENTS, check_scans
from media_pipeline.models import Media
from media_pipeline.unusable import Unusable
from realtime.models import Job, StreamEvent
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import processed, upload
from tests.media_pipeline.hostile import EOI, SOS, scans_repeated
from tests.media_pipeline.pictures import corners, encoded
from tests.media_pipeline.test_processing_jobs import try_again
from tests.stack import wait_until

MB = 1024**2


def limit(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(pictures, "LIMITS", replace(pictures.LIMITS, **limits))


def test_a_jpeg_of_1200_scans_fails_at_its_first_attempt_and_anothers_picture_is_ready(
    ann: APIClient, bob: APIClient
) -> None:
    data = scans_repeated(1200)
    assert len(data) < 500_000
    hostile = upload(ann, data).json()["id"]
    other = upload(bob, encoded(corners())).json()["id"]
    assert len(run_jobs()) == 2
    media = ann.get(f"/api/media/{hostile}/").json()
    assert (media["status"], media["error"]) == ("failed", "unsupported_media")
    assert bob.get(f"/api/media/{other}/").json()["status"] == "ready"
    [failed] = StreamEvent.objects.filter(type="media.failed")
    assert (failed.channel, failed.data["error"]) == (f"inbox:{ann.person.pk}", "unsupported_media")  # type: ignore[attr-defined]
    assert Job.objects.count() == 0


@pytest.mark.parametrize("clock", ["cpu_seconds", "seconds"])
def test_what_takes_too_long_fails_at_its_first_attempt(
    ann: APIClient, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    limit(monkeypatch, **{clock: 1})
    media = processed(ann, scans_repeated(85, (8000, 6000)))
    assert (media["status"], media["error"]) == ("failed", "timed_out")
    assert StreamEvent.objects.filter(type="media.failed").count() == 1
    assert Job.objects.count() == 0
    wait_until(lambda: not renderers(), what="the end of the process that rendered it")


def test_what_takes_too_much_memory_fails_at_its_first_attempt(ann: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, memory=128 * MB)
    media = processed(ann, encoded(Image.new("RGB", (8000, 6000)), "PNG"))
    assert (media["status"], media["error"]) == ("failed", "too_large")
    assert Job.objects.count() == 0


def renderers(*, at_work: bool = True) -> list[psutil.Process]:
    """Processes that render a picture at this moment, or those of ours that they are forked from."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            is_one = "media_pipeline.picture_rendering" in child.cmdline()
            if is_one and (child.ppid() != os.getpid()) == at_work:
                found.append(child)
    return found


@contextmanager
def first_child_killed() -> Iterator[None]:
    """Kills the first process that renders a picture, as the kernel does when a machine runs out of memory."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.005):
            for child in renderers():
                child.kill()
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_a_picture_whose_child_was_killed_from_outside_is_tried_again(ann: APIClient) -> None:
    media_id = upload(ann, scans_repeated(20)).json()["id"]
    with first_child_killed():
        run_jobs()
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 1)
    assert "ended by -9" in job.error
    try_again()
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "ready"


def test_where_the_process_that_forks_was_killed_the_next_picture_has_another(ann: APIClient) -> None:
    assert processed(ann, encoded(corners()))["status"] == "ready"
    [first] = renderers(at_work=False)
    first.kill()
    first.wait()
    assert processed(ann, encoded(corners()))["status"] == "ready"
    [second] = renderers(at_work=False)
    assert second.pid != first.pid


def test_the_child_has_neither_our_environment_nor_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: tuple[int, list[bytes]]
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    port, heard = listener
    script = f"""import os, socket
print(sorted(os.environ))
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    try:
        socket.socket(family)
        print("open")
    except PermissionError:
        print("refused")
try:
    socket.create_connection(("127.0.0.1", {port})).send(b"hello")
except OSError:
    print("not connected")
"""
    lines: list[str] = []
    command = [sys.executable, "-c", script]
    finished = confined.run(command, limits=pictures.LIMITS, errors=tmp_path / "log", on_line=lines.append)
    assert finished.code == 0, finished.said
    assert "SECRET_KEY" not in lines[0]
    if sys.platform == "linux":
        assert lines[1:] == ["refused", "refused", "refused", "not connected"]
        assert heard == []


# --- Scans are counted before anything is decoded ------------------------------------------------------

PROGRESSIVE = encoded(Image.new("RGB", (64, 64), "red"), progressive=True)
USUAL = PROGRESSIVE.count(SOS)


def with_scans(count: int) -> bytes:
    return scans_repeated(count - USUAL, (64, 64))


def test_a_jpeg_may_have_a_hundred_scans() -> None:
    check_scans(with_scans(100))
    with pytest.raises(Unusable):
        check_scans(with_scans(101))


@pytest.mark.parametrize(
    "between", [b"\xff\xff\xff", b"\xff\xd3", b"\0\xff\0\xff\0", b"\xff\xfe\0\x08\xff\xd9\xff\xd9ab"]
)
def test_fill_bytes_restarts_and_comments_hide_no_scan(between: bytes) -> None:
    head, *scans = with_scans(101).split(SOS)
    with pytest.raises(Unusable):
        check_scans(head + b"".join(between + SOS + scan for scan in scans))


def test_what_only_looks_like_a_scan_is_none() -> None:
    shown = b"\xff\xe1" + struct.pack(">H", 2 + 500) + SOS * 250  # as a thumbnail within EXIF
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 500) + SOS * 250
    head, *scans = PROGRESSIVE.split(SOS)
    check_scans(head[:2] + shown + head[2:] + b"".join(comment + SOS + scan for scan in scans))
    check_scans(PROGRESSIVE + SOS * 500)  # behind its end
    check_scans(encoded(Image.new("RGB", (64, 64), "red")) + SOS * 500)


def test_scans_of_single_components_count_in_a_sequential_jpeg_too() -> None:
    """A scan for each component is as slow, times any number of them; Pillow writes none, so only the walk is shown."""
    data = encoded(Image.new("RGB", (64, 64), "red"))
    at = data.index(SOS)
    one_component = SOS + struct.pack(">H", 8) + b"\x01\x01\0\0\x3f\0" + b"\x15"
    with pytest.raises(Unusable):
        check_scans(data[:at] + one_component * 101 + EOI)
    check_scans(data[:at] + one_component * 100 + EOI)


def test_a_jpeg_of_endless_segments_is_refused_by_its_header(ann: APIClient) -> None:
    data = encoded(corners())
    answer = upload(ann, data[:2] + b"\xff\xfe\0\x02" * (MAX_SEGMENTS + 1) + data[2:])
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert Media.objects.count() == 0


def test_a_progressive_cmyk_of_50_megapixels_is_refused_by_its_header(ann: APIClient) -> None:
    data = encoded(Image.new("CMYK", (64, 64)), progressive=True, subsampling=0)
    frame = data.index(b"\xff\xc2") + 5
    answer = upload(ann, data[:frame] + struct.pack(">HH", 6120, 8160) + data[frame + 4 :])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "38 megapixels" in answer.json()["detail"]
