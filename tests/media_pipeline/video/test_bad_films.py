import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from media_pipeline.models import Media
from realtime.models import Job, StreamEvent
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import upload
from tests.media_pipeline.video.films import CHEAP, film, remade

Files = Callable[[], list[Path]]


def failed(client: APIClient, data: bytes, files: Files) -> str:
    """The code with which a film fails: once, told to its owner, nothing left but the original."""
    answer = upload(client, data, name="film.mp4")
    assert answer.status_code == 202, answer.content
    run_jobs()
    media = client.get(answer["Location"]).json()
    assert (media["status"], media["url"], media["hls_url"], media["renditions"]) == ("failed", None, None, {})
    [event] = StreamEvent.objects.filter(type="media.failed")
    assert event.data["error"] == media["error"]
    assert Job.objects.count() == 0
    assert len(files()) == 1
    return str(media["error"])


def boxes(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Where the top-level boxes of an MP4 begin and end."""
    found, at = {}, 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found[data[at + 4 : at + 8]] = (at, at + size)
        at += size
    return found


FAST_START = remade(film(seconds=4), "-c", "copy", "-movflags", "+faststart")
WEBM = film("320x240", seconds=4, name="film.webm", options=("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "300k"))
AUDIO = remade(film(), "-vn", "-c", "copy")
COVER = remade(
    film(), "-map", "0:a", "-map", "0:v", "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic",
    "-pix_fmt", "yuvj420p",
)  # fmt: skip


def without_pictures() -> bytes:
    """An MP4 whose picture track has no frame."""
    return remade(film(sound=False), "-c", "copy", "-t", "0", "-movflags", "+empty_moov")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (film()[: len(film()) // 2], "truncated"),
        (FAST_START[: len(FAST_START) * 2 // 3], "truncated"),
        (WEBM[: len(WEBM) // 2], "truncated"),
        (FAST_START[: boxes(FAST_START)[b"mdat"][0]] , "no_video"),
        (b"\0\0\0\x18ftypmp42" + bytes(2000), "truncated"),
        (b"\x1aE\xdf\xa3" + bytes(2000), "truncated"),
        (AUDIO, "no_video"),
        (COVER, "no_video"),
        (without_pictures(), "no_video"),
        (film("640x360", name="film.mkv", options=("-c:v", "ffv1")), "unsupported_media"),
    ],
    ids=[
        "cut before its index", "cut behind its index", "a cut webm", "only the index", "only a header",
        "only the magic of webm", "sound alone", "an album's cover", "no frame", "another codec",
    ],
)  # fmt: skip
def test_what_cannot_be_played_fails_once_with_a_code(ann: APIClient, files: Files, data: bytes, code: str) -> None:
    assert failed(ann, data, files) == code


def test_garbage_in_the_middle_costs_frames_and_no_more(ann: APIClient, files: Files) -> None:
    start, end = boxes(FAST_START)[b"mdat"]
    middle = (start + end) // 2
    broken = FAST_START[:middle] + bytes(range(256)) * 8 + FAST_START[middle + 2048 :]
    media_id = upload(ann, broken, name="film.mp4").json()["id"]
    run_jobs()
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "ready"


def test_an_hour_of_black_in_50_kb_is_too_long(ann: APIClient, files: Files) -> None:
    options = ("-vf", "drawbox=color=black:t=fill", "-c:v", "libx264", "-preset", "ultrafast", "-g", "9999")
    data = film("64x64", seconds=3600, rate=1, sound=False, options=options)
    assert len(data) < 55_000
    assert failed(ann, data, files) == "too_long"


@pytest.mark.parametrize("size", ["4098x64", "3840x2500"])
def test_huge_pictures_are_refused_before_they_are_decoded(ann: APIClient, files: Files, size: str) -> None:
    assert failed(ann, film(size, seconds=0.2, rate=5, sound=False), files) == "too_large"


def test_a_picture_that_grows_in_the_middle_is_not_decoded(ann: APIClient, files: Files) -> None:
    """The header says 64 x 64; the stream goes on with 4,800 x 2,400."""
    small = film("64x64", seconds=1, sound=False, name="film.h264", options=(*CHEAP, "-bsf:v", "h264_mp4toannexb"))
    large = film("4800x2400", seconds=0.2, rate=5, sound=False, name="film.h264", options=CHEAP)
    joined = remade(small + large, "-c", "copy", before=("-f", "h264"), name="film.mkv")
    media_id = upload(ann, joined, name="film.mkv").json()["id"]
    run_jobs()
    media = ann.get(f"/api/media/{media_id}/").json()
    # What was before it plays, or nothing does: never a picture of that size.
    assert media["status"] == "failed" or max(media["width"], media["height"]) <= 64


def test_too_many_streams_are_refused(ann: APIClient, files: Files) -> None:
    tracks = [argument for _ in range(20) for argument in ("-map", "0:a")]
    assert failed(ann, remade(film(), "-map", "0:v", *tracks, "-c", "copy"), files) == "unsupported_media"


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:{port}/secret.ts\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile http://127.0.0.1:{port}/secret.mp4\n"
DASH = '<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>'
FETCHING = {"playlist": PLAYLIST, "concat list": CONCAT, "dash": DASH}


@pytest.mark.parametrize("case", FETCHING)
def test_a_list_of_addresses_named_mp4_is_refused_and_fetches_nothing(
    ann: APIClient, listener: tuple[int, list[bytes]], files: Files, case: str
) -> None:
    port, heard = listener
    answer = upload(ann, FETCHING[case].format(port=port).encode(), name="film.mp4")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    run_jobs()
    assert (heard, files(), Media.objects.count()) == ([], [], 0)


@pytest.mark.parametrize("case", FETCHING)
@pytest.mark.parametrize(
    "head", [b"", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\x1aE\xdf\xa3"], ids=["", "mp4", "webm"]
)
def test_one_that_came_in_another_way_fetches_nothing_either(
    ann: APIClient, listener: tuple[int, list[bytes]], files: Files, case: str, head: bytes
) -> None:
    """As an upload in chunks would bring it, also behind the first bytes of a film."""
    port, heard = listener
    media_id = upload(ann, film(), name="film.mp4").json()["id"]
    [original] = files()
    original.write_bytes(head + FETCHING[case].format(port=port).encode())
    run_jobs()
    media = ann.get(f"/api/media/{media_id}/").json()
    assert (media["status"], heard) == ("failed", [])
    assert media["error"] == ("truncated" if head else "unsupported_media")


def test_a_film_that_refers_to_another_file_reads_nothing_else(
    ann: APIClient, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A QuickTime data reference to a file beside it is not followed."""
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(film())
    start, _ = boxes(FAST_START)[b"moov"]
    own = b"\0\0\0\x0curl \0\0\0\x01"  # "the data is in this file"
    assert own in FAST_START[start:]
    other = re.sub(re.escape(own), b"\0\0\0\x0curl \0\0\0\0", FAST_START)
    media_id = upload(ann, other, name="film.mov").json()["id"]
    run_jobs()
    media = ann.get(f"/api/media/{media_id}/").json()
    assert media["status"] in ("ready", "failed")
    assert str(secret) not in str(media)
