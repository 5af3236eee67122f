"""What a video file is: PyAV looks at it, in a process of its own (`python -m media_pipeline.probe`).

libav reads what strangers sent, so it runs confined (media_pipeline/confined.py) and without Django. `look` walks
through all packets, for what the header says may be a lie; it decodes nothing but the poster's frame.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from PIL import Image

from media_pipeline.films import DEMUXERS, MAX_PIXELS, MAX_SECONDS, TOO_LONG, Facts
from media_pipeline.unusable import TOO_LARGE, TRUNCATED, UNSUPPORTED, Unusable

NO_VIDEO = "no_video"
MAX_SIDE = 4096
# A phone's file has five: picture, sound, and what its sensors said.
MAX_STREAMS = 16
# Picture and sound of MAX_SECONDS at 120 frames a second.
MAX_PACKETS = 400_000
CODECS = {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores", "h263"}
SOUNDS = {
    *("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "ac3", "eac3", "flac", "alac", "amrnb", "amrwb"),
    *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"),
}
# Less than this of the length that the header tells is a file cut off: its packets end before, by more than the slack.
COMPLETE = 0.95
SLACK_SECONDS = 0.5
# AVFieldOrder: 0 is unknown, what is above 1 interlaced.
PROGRESSIVE = 1
# Where the poster is taken: a tenth into the film, at most so far.
POSTER_SECONDS = 5.0
POSTER_SIDE = 1280


def look(path: Path, content_type: str, poster: Path) -> Facts:
    """The facts of a file; a frame of it is written to `poster`, as PNG. Raises Unusable."""
    with _opened(path, content_type) as container:
        picture, sound = _chosen(container)
        codec = picture.codec_context
        _check_size(codec.width, codec.height)
        walked = _walk(container, picture, sound)
        if not walked.frames:
            raise Unusable(NO_VIDEO, "The video has no pictures.")
        _check_complete(container, walked)
        stretch = picture.sample_aspect_ratio or 1
        facts: dict[str, Any] = {
            "duration": round(walked.end - walked.start, 3),
            "codec": codec.name,
            "profile": str(picture.profile or ""),
            "pixel_format": str(codec.pix_fmt or ""),
            "interlaced": codec.field_order > PROGRESSIVE,
            "frame_rate": round(walked.frames / walked.seconds, 3),
            "bit_rate": round(walked.bytes * 8 / walked.seconds),
            "longest_group": round(walked.longest_group, 3),
            "picture_index": picture.index,
            "sound_index": sound.index if sound is not None else None,
            "sound_codec": sound.codec_context.name if sound is not None else "",
            "sound_profile": str(sound.profile or "") if sound is not None else "",
            "sound_channels": sound.codec_context.channels if sound is not None else 0,
        }
    # Anew: a decoder that has been fed to the end does not begin again.
    with _opened(path, content_type) as container:
        frame = _frame(container, facts["picture_index"], min(facts["duration"] / 10, POSTER_SECONDS))
        _check_size(frame.width, frame.height)
        rotation = round(frame.rotation) % 360
        width, height = round(frame.width * stretch), frame.height
        _save_poster(frame, width, height, rotation, poster)
    if rotation in (90, 270):
        width, height = height, width
    return Facts(width=width, height=height, rotation=rotation, square_pixels=stretch == 1, **facts)


@contextlib.contextmanager
def _opened(path: Path, content_type: str) -> Iterator[Any]:
    """The container, by its own demuxer alone, which may open no other file. What libav raises becomes Unusable."""
    options = {"protocol_whitelist": "file", "max_streams": str(4 * MAX_STREAMS)}
    try:
        with av.open(f"file:{path}", format=DEMUXERS[content_type], options=options) as container:
            yield container
    except (av.FFmpegError, ValueError, ArithmeticError, IndexError) as error:
        if isinstance(error, MemoryError):
            raise
        raise Unusable(TRUNCATED, "The video is damaged or incomplete.") from error


def _chosen(container: Any) -> tuple[Any, Any]:
    """(picture, sound or None): the first stream of each kind that we can read, covers of albums left out."""
    if len(container.streams) > MAX_STREAMS:
        raise Unusable(UNSUPPORTED, f"The file has {len(container.streams)} streams; {MAX_STREAMS} are taken.")
    pictures = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not pictures:
        raise Unusable(NO_VIDEO, "The file has no pictures.")
    readable = [one for one in pictures if one.codec_context is not None and one.codec_context.name in CODECS]
    if not readable:
        raise Unusable(UNSUPPORTED, "The video is in a format that is not taken.")
    sounds = [one for one in container.streams.audio if one.codec_context and one.codec_context.name in SOUNDS]
    return readable[0], sounds[0] if sounds else None


def _check_size(width: int, height: int) -> None:
    if not (width and height):
        raise Unusable(TRUNCATED, "The video does not say how large it is.")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise Unusable(TOO_LARGE, f"The video has {width} x {height} pixels; up to 4096 x 2304 are taken.")


@dataclass
class _Walked:
    frames: int = 0
    bytes: int = 0
    # Of the picture.
    seconds: float = 0.0
    longest_group: float = 0.0
    # Of all.
    start: float = 0.0
    end: float = 0.0


def _walk(container: Any, picture: Any, sound: Any) -> _Walked:
    """Counts the packets of both streams. Raises Unusable (TOO_LONG) as soon as there are too many."""
    walked = _Walked()
    # When packets begin and end; when those of the picture do, and when its key frames begin.
    starts: list[float] = []
    ends: list[float] = []
    times: list[float] = []
    keys: list[float] = []
    streams = [picture, sound] if sound is not None else [picture]
    with contextlib.suppress(av.FFmpegError):  # what was cut off in the middle shows by its length
        for number, packet in enumerate(container.demux(streams)):
            if packet.pts is None or not packet.size:
                continue
            began = float(packet.pts * packet.time_base)
            ended = began + float((packet.duration or 0) * packet.time_base)
            starts.append(began)
            ends.append(ended)
            if number > MAX_PACKETS or ended - starts[0] > MAX_SECONDS:
                raise Unusable(TOO_LONG, f"The video is longer than {MAX_SECONDS // 60} minutes.")
            if packet.stream.index == picture.index:
                walked.frames += 1
                walked.bytes += packet.size
                times += (began, ended)
                if packet.is_keyframe:
                    keys.append(began)
    if walked.frames:
        walked.start, walked.end = min(starts), max(ends)
        # A single frame may have no duration.
        walked.seconds = max(max(times) - min(times), 0.04)
        walked.end = max(walked.end, walked.start + 0.04)
        keys = [min(times), *sorted(keys), max(times)]
        walked.longest_group = max(after - before for before, after in pairwise(keys))
    return walked


def _check_complete(container: Any, walked: _Walked) -> None:
    declared = (container.duration or 0) / av.time_base
    if declared > MAX_SECONDS:
        raise Unusable(TOO_LONG, f"The video is longer than {MAX_SECONDS // 60} minutes.")
    if walked.end - walked.start < declared * COMPLETE - SLACK_SECONDS:
        raise Unusable(TRUNCATED, "The video is damaged or incomplete.")


def _frame(container: Any, index: int, seconds: float) -> Any:
    """The first frame that can be decoded near `seconds`, else the first of all."""
    stream = container.streams[index]
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    stream.thread_count = 1
    for moment in (seconds, 0.0):
        with contextlib.suppress(av.FFmpegError):
            start = stream.start_time or 0
            container.seek(start + int(moment / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                return frame
    raise Unusable(TRUNCATED, "No picture of the video can be read.")


def _save_poster(frame: Any, width: int, height: int, rotation: int, path: Path) -> None:
    scale = min(1.0, POSTER_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture: Image.Image = frame.reformat(*size, format="rgb24").to_image()
    picture.rotate(rotation, expand=True).save(path, "PNG", compress_level=0)


def main(path: str, content_type: str, poster: str) -> None:
    """Prints the facts as JSON, or the reason why there are none: {"code": ..., "detail": ...}."""
    try:
        answer = asdict(look(Path(path), content_type, Path(poster)))
    except Unusable as reason:
        answer = {"code": reason.code, "detail": reason.detail}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
