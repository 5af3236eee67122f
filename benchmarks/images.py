"""Renditions of photographs, against what most code does: open, turn upright, resize.

CPU time of one decode and three sizes on both sides, and how near the large rendition is to the peer's before encoding;
then of all that a worker spends on a picture: the confined process that forks, and six files (JPEG and WebP).
"""

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from PIL import Image, ImageOps

from media_pipeline import imaging, pictures
from tests.media_pipeline.pictures import encoded, gps_exif, photo, psnr, stored_as

SIZES = {"12 MP": (3000, 4000), "48 MP": (6000, 8000)}
RUNS = 5


def naive(data: bytes) -> dict[str, Image.Image]:
    """The peer: decoded whole, turned whole, each size from all of it."""
    with Image.open(BytesIO(data)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    sides = imaging.RENDITIONS.items()
    return {name: ImageOps.contain(upright, (side, side), Image.Resampling.LANCZOS) for name, side in sides}


def ours(data: bytes) -> dict[str, Image.Image]:
    picture = imaging.decoded(data)
    made = {}
    for name, side in imaging.RENDITIONS.items():
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        made[name] = picture.copy()
    return made


def cpu_ms(work: Callable[[], object]) -> float:
    """The least of RUNS: what others do on the machine only adds."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) * 1000


def worker_ms(data: bytes) -> float:
    """Of this process, and of the confined one with its forks, once that has started. The mean of RUNS."""
    with TemporaryDirectory() as name:
        original = Path(name, "original")
        original.write_bytes(data)
        pictures.render(original, Path(name))
        began = _spent()
        for _ in range(RUNS):
            pictures.render(original, Path(name))
        return (_spent() - began) / RUNS * 1000


def _spent() -> float:
    times = [process.cpu_times() for process in psutil.Process().children()]
    forks = sum(each.user + each.system + each.children_user + each.children_system for each in times)
    return float(time.process_time() + forks)


def measure() -> dict[str, dict[str, float]]:
    """By size of the photo: CPU ms of `peer`, `simmer` and, in a worker, `whole`; and `psnr` in dB."""
    found = {}
    for label, size in SIZES.items():
        data = encoded(stored_as(photo(*size), 6), quality=90, exif=gps_exif(6))
        found[label] = {
            "peer": cpu_ms(lambda data=data: naive(data)),  # type: ignore[misc]
            "simmer": cpu_ms(lambda data=data: ours(data)),  # type: ignore[misc]
            "whole": worker_ms(data),
            "psnr": psnr(ours(data)["large"], naive(data)["large"]),
        }
    return {label: {name: round(value, 1) for name, value in row.items()} for label, row in found.items()}
