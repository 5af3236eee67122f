"""Films of a few seconds, made by ffmpeg, and a look at what became of them."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FFMPEG = shutil.which("ffmpeg") or ""
if not FFMPEG:
    from imageio_ffmpeg import get_ffmpeg_exe

    FFMPEG = get_ffmpeg_exe()
# Fast to make; every film has a moving picture.
CHEAP = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
SOUND = ("-f", "lavfi", "-i", "sine=440")


def ffmpeg(*arguments: str, folder: Path) -> None:
    command = [FFMPEG, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@cache
def film(
    size: str = "960x540",
    *,
    seconds: float = 2,
    rate: int = 15,
    name: str = "film.mp4",
    sound: bool = True,
    options: Sequence[str] = CHEAP,
) -> bytes:
    """A test pattern in colours, with a tone; `options` are the encoder's."""
    picture = ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}")
    with TemporaryDirectory() as folder:
        ffmpeg(*picture, *(SOUND if sound else ()), "-t", str(seconds), *options, name, folder=Path(folder))
        return (Path(folder) / name).read_bytes()


@cache
def remade(data: bytes, *arguments: str, before: Sequence[str] = (), name: str = "film.mp4") -> bytes:
    """DATA through ffmpeg once more: `before` are options of the input."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "source").write_bytes(data)
        ffmpeg(*before, "-i", "source", *arguments, name, folder=Path(folder))
        return (Path(folder) / name).read_bytes()


def joined(sizes: Sequence[str]) -> bytes:
    """A WebM of VP8 whose picture changes its size each second, as a browser records a window that is drawn larger."""
    vp8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8")
    # The test pattern itself has even sides alone.
    scaled = [("-vf", f"scale={size.replace('x', ':')}", *vp8) for size in sizes]
    one, *others = (film(seconds=1, name="film.ivf", sound=False, options=options) for options in scaled)
    frames = [frame for data in (one, *others) for frame in _frames_of_ivf(data)]
    packed = (len(frame).to_bytes(4, "little") + at.to_bytes(8, "little") + frame for at, frame in enumerate(frames))
    return remade(one[:32] + b"".join(packed), "-c", "copy", name="film.webm")


def _frames_of_ivf(data: bytes) -> Iterator[bytes]:
    """The file has 32 bytes of head, and 12 before each frame, which begin with its size."""
    at = 32
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "little")
        yield data[at + 12 : end]
        at = end


def turned(data: bytes, degrees: int) -> bytes:
    """The MP4 with the matrix of a telephone held that way: the pixels stay as they are."""
    matrices = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    a, b, c, d = matrices[degrees]

    def packed(*values: int) -> bytes:
        return b"".join((value * 65536).to_bytes(4, "big", signed=True) for value in values)

    upright = packed(1, 0, 0, 0, 1, 0, 0, 0) + (1 << 30).to_bytes(4, "big")
    rotated = packed(a, b, 0, c, d, 0, 0, 0) + (1 << 30).to_bytes(4, "big")
    at = data.index(upright, data.index(b"tkhd"))  # of the first track; the movie's own comes before
    return data[:at] + rotated + data[at + len(upright) :]


def played(folder: Path, playlist: str) -> Any:
    """What a player finds that follows a playlist in FOLDER: ffprobe-like facts of the whole, decoded."""
    import av

    with av.open(str(folder / playlist), options={"allowed_extensions": "ALL"}) as container:
        frames = sound = 0
        first = None
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                first = first or frame
                frames += 1
            else:
                sound += 1
        assert first is not None
        return {"frames": frames, "sound": sound, "size": (first.width, first.height), "first": first.to_image()}


def dumped(media: Any) -> str:
    """The media shape in one line, for messages."""
    return json.dumps(media)
