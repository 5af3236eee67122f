"""Films: a file in, HLS and a picture of it out. Nothing here knows Django, owners or storage.

`inspect` reads the first bytes; `render` probes, then has ffmpeg make the variants. Both raise `Unusable`. What is
wrong with us and not with the film (no ffmpeg, a full disk) is another error, and may go better the next time.
"""

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from media_pipeline import confined, hls, pictures
from media_pipeline.confined import Limits
from media_pipeline.endings import require_success
from media_pipeline.films import DEMUXERS, MAX_SECONDS, TOO_LONG, Facts
from media_pipeline.sniffing import HEAD_BYTES, sniff
from media_pipeline.unusable import TRUNCATED, UNSUPPORTED, Unusable

FFMPEG_MISSING = "ffmpeg_missing"
NO_FFMPEG = "There is no ffmpeg: install it (apt install ffmpeg) or `pip install imageio-ffmpeg`. Videos need it."

# Most of half an hour: a film of MAX_SECONDS takes a quarter of it on two cores.
TIME_LIMIT = 1600
PROBE_LIMITS = Limits(seconds=120, memory=2 * 1024**3, file_size=64 * 1024**2)
LISTING_LIMITS = Limits(seconds=10, memory=4 * 1024**3, file_size=1024**2)
FFMPEG_LIMITS = Limits(seconds=TIME_LIMIT, memory=4 * 1024**3, file_size=2 * 1024**3)
# With less left on the disk, what ffmpeg did not write is the disk's fault.
ROOM = 1024**2


class FfmpegMissing(Exception):
    """Neither on PATH nor in the wheel imageio-ffmpeg."""


@dataclass(frozen=True)
class RenderedVideo:
    """`files` lie in the folder that was given; the playlist that names the others comes last."""

    duration: float
    width: int
    height: int
    poster: pictures.Rendered
    files: list[Path]


def inspect(head: bytes) -> str:
    """The content type, by the first bytes (HEAD_BYTES of them are enough)."""
    sniffed = sniff(head)
    # AVIF is a picture in the clothes of an MP4.
    if sniffed is None or sniffed.content_type not in DEMUXERS or head[8:12] in (b"avif", b"avis"):
        raise Unusable(UNSUPPORTED, "The video must be an MP4, QuickTime, WebM or Matroska file.")
    return sniffed.content_type


def ffmpeg_path() -> str:
    """ffmpeg on PATH, else the one in the wheel. Raises FfmpegMissing."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise FfmpegMissing(NO_FFMPEG) from error


@cache
def _has_zscale(ffmpeg: str) -> bool:
    lines: list[str] = []
    with TemporaryDirectory() as folder:
        command = [ffmpeg, "-nostdin", "-hide_banner", "-filters"]
        confined.run(command, limits=LISTING_LIMITS, errors=Path(folder) / "errors.log", on_line=lines.append)
    return any(line.split()[1:2] == ["zscale"] for line in lines)


def render(source: Path, folder: Path, on_progress: Callable[[int], None]) -> RenderedVideo:
    """The variants, in FOLDER, and the poster. `on_progress` gets percent, twice a second at most.

    What `on_progress` raises ends it, and ffmpeg with it. Raises Unusable and FfmpegMissing.
    """
    with source.open("rb") as file:
        content_type = inspect(file.read(HEAD_BYTES))
    ffmpeg = ffmpeg_path()
    facts, picture = _probe(source, content_type, folder)
    poster = pictures.render(picture, folder)
    variants = hls.variants_of(facts)
    arguments = hls.arguments(source, content_type, facts, variants, has_zscale=_has_zscale(ffmpeg))
    _transcode([ffmpeg, *arguments], folder, facts, on_progress)
    try:
        playlist = hls.master_playlist(folder, facts, variants)
    except (ValueError, FileNotFoundError) as error:
        if shutil.disk_usage(folder).free < ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise Unusable(TRUNCATED, "The video is damaged or incomplete.") from error
    (folder / hls.MASTER).write_text(playlist)
    names = [f"{variant.name}.{kind}" for kind in ("mp4", "m3u8") for variant in variants]
    files = [folder / name for name in (*names, hls.MASTER)]
    return RenderedVideo(facts.duration, variants[0].width, variants[0].height, poster, files)


def _probe(source: Path, content_type: str, folder: Path) -> tuple[Facts, Path]:
    """The facts, and the poster as PNG."""
    lines: list[str] = []
    poster = folder / "poster.png"
    command = [sys.executable, "-m", "media_pipeline.probe", str(source), content_type, str(poster)]
    finished = confined.run(command, limits=PROBE_LIMITS, errors=folder / "probe.log", on_line=lines.append)
    require_success(finished, "video")
    answer = json.loads(lines[-1])
    if "code" in answer:
        raise Unusable(answer["code"], answer["detail"])
    return Facts(**answer), poster


def _transcode(command: list[str], folder: Path, facts: Facts, on_progress: Callable[[int], None]) -> None:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            seconds = int(value) / 1_000_000
            # The packets said how long it is; what goes on for longer was made to.
            if seconds > MAX_SECONDS * 1.05:
                raise Unusable(TOO_LONG, "The video does not end where it said.")
            on_progress(min(99, int(100 * seconds / facts.duration)))

    finished = confined.run(command, limits=FFMPEG_LIMITS, errors=folder / "ffmpeg.log", cwd=folder, on_line=on_line)
    require_success(finished, "video")
