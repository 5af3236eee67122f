"""Pictures made to take all the time or memory that a worker has, and how much memory a picture takes."""

import json
import tempfile
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from media_pipeline.confined import Server
from media_pipeline.pictures import LIMITS
from tests.media_pipeline.pictures import chunk, encoded, png_head

SOS, EOI = b"\xff\xda", b"\xff\xd9"


def scans_repeated(times: int, size: tuple[int, int] = (4000, 3000)) -> bytes:
    """A progressive JPEG whose last scan comes `times` more often: some bytes each, and a walk over all pixels."""
    data = encoded(Image.new("RGB", size, (200, 30, 40)), quality=90, progressive=True)
    scan = data[data.rindex(SOS) : -2]
    return data[:-2] + scan * times + EOI


def interlaced_png(width: int, height: int) -> bytes:
    """A black one of RGB, by hand: Pillow writes none."""
    packer, packed = zlib.compressobj(1), b""
    for left, top, across, down in (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    ):
        row = bytes(1 + 3 * len(range(left, width, across)))
        for _ in range(top, height, down):
            packed += packer.compress(row)
    return png_head(width, height, interlaced=True) + chunk(b"IDAT", packed + packer.flush()) + chunk(b"IEND", b"")


_MEASURED = Server("tests.media_pipeline.measured_rendering")


def peak_of(data: bytes) -> tuple[int, dict[str, Any]]:
    """(MB resident at most, the answer) of the confined process that renders `data`, within the limits that it has."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "original").write_bytes(data)
        original, told = folder / "original", folder / "answer"
        finished = _MEASURED.call(str(original), name, str(told), limits=LIMITS, errors=folder / "errors")
        assert finished.code == 0, finished
        return int((folder / "peak").read_text()) // 1000, json.loads(told.read_text())
