import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from realtime.models import Job, StreamEvent
from tests.media_pipeline.conftest import fetched, get
from tests.media_pipeline.pictures import near
from tests.media_pipeline.video.films import CHEAP, film, joined, played, remade, turned

Made = Callable[[bytes], Any]
FolderOf = Callable[[Any], Path]
# Nothing that is copied: many bits, key frames far apart.
HEAVY = (*CHEAP, "-profile:v", "high", "-g", "900", "-b:v", "9M")


def variants_in(folder: Path) -> list[tuple[str, str]]:
    """(size, codecs) of the master playlist's variants."""
    return re.findall(r'RESOLUTION=(\w+),CODECS="([^"]+)"', (folder / "master.m3u8").read_text())


def test_a_film_becomes_hls_in_two_sizes_with_a_poster(made: Made, folder_of: FolderOf) -> None:
    media = made(film("1920x1080", seconds=5, options=HEAVY))
    assert (media["kind"], media["status"], media["error"], media["progress"]) == ("video", "ready", None, 100)
    assert (media["width"], media["height"]) == (1280, 720)
    assert media["duration"] == pytest.approx(5, abs=0.2)
    assert media["url"] == media["hls_url"]
    folder = folder_of(media)
    assert [size for size, _ in variants_in(folder)] == ["1280x720", "640x360"]
    for name, size in (("720p", (1280, 720)), ("360p", (640, 360))):
        found = played(folder, f"{name}.m3u8")
        assert found["size"] == size
        assert 74 <= found["frames"] <= 76
        assert found["sound"] > 200
        # Segments of both begin together, every four seconds.
        playlist = (folder / f"{name}.m3u8").read_text()
        assert [round(float(length)) for length in re.findall(r"#EXTINF:([\d.]+)", playlist)] == [4, 1]
        assert "#EXT-X-MAP" in playlist
        assert playlist.rstrip().endswith("#EXT-X-ENDLIST")
    poster = fetched(media["poster"])
    assert poster.size == (800, 450)
    assert media["poster"] == media["renditions"]["large"]["url"]
    assert media["placeholder"]
    assert Job.objects.count() == 0


def test_the_master_playlist_tells_what_the_variants_take(made: Made, folder_of: FolderOf) -> None:
    folder = folder_of(made(film("1920x1080", seconds=5, options=HEAVY)))
    master = (folder / "master.m3u8").read_text()
    for name in ("720p", "360p"):
        [(peak, average)] = re.findall(rf"BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+),[^\n]*\n{name}\.m3u8", master)
        measured = (folder / f"{name}.mp4").stat().st_size * 8 / 5
        assert float(average) == pytest.approx(measured, rel=0.05)
        assert int(peak) >= int(average)
    for _, codecs in variants_in(folder):
        assert re.fullmatch(r"avc1\.64[0-9a-f]{4},mp4a\.40\.2", codecs)


def test_playlists_and_ranges_are_served_as_players_want_them(made: Made) -> None:
    media = made(film())
    answer = get(media["hls_url"])
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert "immutable" in answer.headers["cache-control"]
    base = media["hls_url"].rpartition("/")[0]
    playlist = get(f"{base}/540p.m3u8").text
    [(size, start)] = re.findall(r'#EXT-X-MAP:URI="540p.mp4",BYTERANGE="(\d+)@(\d+)"', playlist)
    part = get(f"{base}/540p.mp4", range=f"bytes={start}-{int(start) + int(size) - 1}")
    assert (part.status_code, len(part.content)) == (206, int(size))
    assert part.headers["content-type"] == "video/mp4"
    assert part.content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ("320x240", ["320x240"]),
        ("640x360", ["640x360"]),
        ("854x480", ["854x480", "640x360"]),
        ("1280x720", ["1280x720", "640x360"]),
        ("360x640", ["360x640"]),
        ("720x1280", ["720x1280", "360x640"]),
        ("1080x1920", ["720x1280", "360x640"]),
        ("322x182", ["322x182"]),
    ],
)
def test_nothing_is_enlarged_and_upright_films_stay_upright(
    made: Made, folder_of: FolderOf, size: str, wanted: list[str]
) -> None:
    media = made(film(size, seconds=1, options=HEAVY))
    assert [found for found, _ in variants_in(folder_of(media))] == wanted
    assert f"{media['width']}x{media['height']}" == wanted[0]


def test_a_conforming_film_is_copied_and_the_smaller_one_cut_where_it_is(made: Made, folder_of: FolderOf) -> None:
    source = film("1280x720", seconds=8, rate=10, options=(*CHEAP, "-profile:v", "main", "-g", "25", "-b:v", "1M"))
    folder = folder_of(made(source))
    packets = remade(source, "-map", "0:v", "-c", "copy", "-f", "h264", name="picture.h264")
    copied = remade((folder / "720p.mp4").read_bytes(), "-map", "0:v", "-c", "copy", "-f", "h264", name="picture.h264")
    assert copied == packets
    lengths = [
        [float(length) for length in re.findall(r"#EXTINF:([\d.]+)", (folder / f"{name}.m3u8").read_text())]
        for name in ("720p", "360p")
    ]
    # Key frames come every 2.5 s: the first after four seconds is at 5.
    assert lengths[0] == lengths[1] == [pytest.approx(5, abs=0.05), pytest.approx(3, abs=0.05)]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_film_of_a_turned_telephone_comes_out_upright(made: Made, folder_of: FolderOf, degrees: int) -> None:
    upright = film("640x480", options=(*CHEAP, "-vf", "drawbox=w=iw/2:h=ih/2:color=red:t=fill"))
    media = made(turned(upright, degrees))
    # The red quarter at the top left went clockwise.
    corner = {90: (0.75, 0.25), 180: (0.75, 0.75), 270: (0.25, 0.75)}[degrees]
    width, height = (640, 480) if degrees == 180 else (480, 640)
    assert (media["width"], media["height"]) == (width, height)
    for picture in (played(folder_of(media), "480p.m3u8")["first"], fetched(media["poster"])):
        assert (picture.width > picture.height) == (width > height)
        point = (int(picture.width * corner[0]), int(picture.height * corner[1]))
        assert near(picture.convert("RGB").getpixel(point), (253, 0, 0), within=30)


def test_pixels_that_are_not_square_become_square(made: Made) -> None:
    media = made(film("720x576", options=(*CHEAP, "-vf", "setsar=64/45")))
    assert (media["width"], media["height"]) == (1024, 576)
    assert fetched(media["poster"]).size == (800, 450)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("film.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")),
        ("film.mkv", ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-c:a", "libmp3lame")),
        ("film.mov", ("-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le")),
        ("film.3gp", ("-c:v", "h263", "-s", "352x288", "-an")),
        ("film.mp4", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")),
    ],
)
def test_other_formats_play_too(made: Made, folder_of: FolderOf, name: str, options: tuple[str, ...]) -> None:
    media = made(film("640x360", seconds=1, name=name, options=options))
    assert (media["status"], media["error"]) == ("ready", None)
    [variant] = list(folder_of(media).glob("*p.m3u8"))
    assert played(folder_of(media), variant.name)["frames"] >= 13


def test_a_film_may_change_its_size_half_way_also_to_odd_sides(made: Made, folder_of: FolderOf) -> None:
    media = made(joined(["642x362", "961x541", "1x1", "801x451"]))
    assert (media["status"], media["error"]) == ("ready", None)
    found = played(folder_of(media), "360p.m3u8")
    assert (found["size"], found["frames"]) == ((638, 360), 60)


def test_a_film_without_sound_has_none(made: Made, folder_of: FolderOf) -> None:
    media = made(film("640x360", sound=False))
    assert played(folder_of(media), "360p.m3u8")["sound"] == 0
    assert [codecs.count(",") for _, codecs in variants_in(folder_of(media))] == [0]


def test_a_single_frame_is_a_film(made: Made, folder_of: FolderOf) -> None:
    media = made(film("640x360", sound=False, options=(*CHEAP, "-frames:v", "1")))
    assert media["status"] == "ready"
    assert 0 < media["duration"] < 0.2
    assert played(folder_of(media), "360p.m3u8")["frames"] == 1


def test_nothing_tells_where_it_was_taken(made: Made, folder_of: FolderOf, files: Callable[[], list[Path]]) -> None:
    secrets = {"location": "+52.5200+013.4050/", "comment": "my garden", "artist": "Ann Example"}
    tags = [argument for pair in secrets.items() for argument in ("-metadata", "=".join(pair))]
    named = remade(film(), "-c", "copy", *tags, "-metadata:s:v", "handler_name=SpyPhone")
    assert b"my garden" in named
    assert b"SpyPhone" in named
    folder = folder_of(made(named))
    for path in folder.iterdir():
        for trace in (*secrets.values(), "SpyPhone"):
            assert trace.encode() not in path.read_bytes(), path


def test_a_ready_film_is_told_to_its_owner(made: Made, ann: Any) -> None:
    media = made(film())
    [event] = StreamEvent.objects.filter(type="media.ready")
    assert event.channel == f"inbox:{ann.person.pk}"
    assert media.items() <= event.data.items()
