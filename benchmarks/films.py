"""Films: 1080p into HLS of 720p and 360p, as the worker does it, beside one ffmpeg for each variant as it comes.

The film is a zoom into the Mandelbrot set under the noise of a sensor, H.264 of 8 Mbit/s with AAC: at 720p it takes
2.3 Mbit/s, like films of telephones. All cores may be used by both.
"""

import re
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from media_pipeline import video

SECONDS = 16
_SOURCE = ("-f", "lavfi", "-i", "mandelbrot=size=1920x1080:rate=30:start_scale=1.2:end_scale=0.05:end_pts=600")
_ENCODED = ("-c:v", "libx264", "-preset", "veryfast", "-b:v", "8M", "-maxrate", "10M", "-bufsize", "16M")
SIZES = {"720p": "1280:720", "360p": "640:360"}


def measure(*, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """{"seconds", "simmer": runs, "peer": runs}; the peer, which takes long, runs once.

    A run has `real_time` (times) and `cpu` (s); the first one, of each variant, its `kbit` a second and its likeness to
    the film, `ssim` (dB).
    """
    with TemporaryDirectory(prefix="simmer-bench-") as folder:
        source = Path(folder) / "film.mp4"
        _ffmpeg(
            *_SOURCE, "-f", "lavfi", "-i", "sine=440", "-vf", "noise=alls=4:allf=t", "-t", str(SECONDS),
            *_ENCODED, "-pix_fmt", "yuv420p", "-c:a", "aac", str(source),
        )  # fmt: skip
        runs: dict[str, list[dict[str, float]]] = {"simmer": [], "peer": []}
        for repeat in range(1, repeats + 1):
            for system, work in (("simmer", _simmer), ("peer", _peer)) if repeat == 1 else (("simmer", _simmer),):
                run = _run(work, source, quality=repeat == 1)
                runs[system].append(run)
                say(f"  [{repeat}/{repeats}] {system:8} {run['real_time']:5.2f} x real time, {run['cpu']:5.1f} CPU s")
    return {"seconds": SECONDS, **runs}


def _run(work: Callable[[Path, Path], None], source: Path, *, quality: bool) -> dict[str, float]:
    with TemporaryDirectory(prefix="simmer-bench-") as folder:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        work(source, Path(folder))
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        run = {"real_time": round(SECONDS / took, 2), "cpu": round(cpu, 2)}
        for name, size in SIZES.items() if quality else ():
            made = Path(folder) / f"{name}.mp4"
            run[f"kbit.{name}"] = round(made.stat().st_size * 8 / SECONDS / 1000)
            run[f"ssim.{name}"] = _ssim(made, source, size)
    return run


def _simmer(source: Path, folder: Path) -> None:
    video.render(source, folder, lambda percent: None)


def _peer(source: Path, folder: Path) -> None:
    """Each variant decodes anew, with ffmpeg's defaults for HLS of H.264."""
    for name, size in SIZES.items():
        _ffmpeg(
            "-i", str(source), "-vf", f"scale={size}", "-c:v", "libx264", "-c:a", "aac", "-f", "hls", "-hls_time", "4",
            "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_flags", "single_file",
            "-hls_segment_filename", str(folder / f"{name}.mp4"), str(folder / f"{name}.m3u8"),
        )  # fmt: skip


def _ssim(made: Path, source: Path, size: str) -> float:
    """Of the whole picture, in dB, against the film in that size."""
    graph = f"[1:v]scale={size}:flags=bicubic[film];[0:v][film]ssim"
    said = _ffmpeg("-i", str(made), "-i", str(source), "-filter_complex", graph, "-f", "null", "-", level="info")
    found = re.search(r"All:[\d.]+ \(([\d.]+)\)", said)
    assert found is not None, said[-500:]
    return round(float(found[1]), 2)


def _ffmpeg(*arguments: str, level: str = "error") -> str:
    command = [video.ffmpeg_path(), "-nostdin", "-hide_banner", "-loglevel", level, "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr
