"""The largest pictures that are taken, of every format: the child that renders them stays below 400 MB."""

import sys
from collections.abc import Callable
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image

from media_pipeline.headers import MAX_PIXELS, MAX_WEBP_PIXELS, inspect
from media_pipeline.unusable import Unusable
from tests.media_pipeline.hostile import interlaced_png, peak_of, scans_repeated
from tests.media_pipeline.pictures import encoded, png

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the peak in /proc")

MB_MAX = 400
SIZE = (8160, 6120)
WEBP_SIZE = (4608, 3456)
DEEP_HEIC_SIZE = (7680, 5760)


def plain(mode: str, size: tuple[int, int] = SIZE) -> Image.Image:
    """Of one colour, half transparent where there is transparency: it takes as much memory as any other."""
    return Image.new("RGBA", size, (200, 60, 20, 128)).convert(mode)


def palette(transparent: bool = False) -> Image.Image:
    picture = Image.new("P", SIZE, 1)
    picture.putpalette([10, 20, 30, 200, 60, 20])
    if transparent:
        picture.info["transparency"] = b"\x80\x80"
    return picture


def heic(mode: str, size: tuple[int, int] = SIZE, **options: int) -> bytes:
    """`mode` with `;16` has ten bits a colour."""
    channels = len(mode.partition(";")[0])
    pixels = bytes([40]) * (size[0] * size[1] * channels * (2 if ";" in mode else 1))
    file = pillow_heif.from_bytes(mode=mode, size=size, data=pixels)
    return encoded_heif(file, **options)


def encoded_heif(file: pillow_heif.HeifFile, **options: int) -> bytes:
    into = BytesIO()
    file.save(into, quality=10, enc_params={"preset": "ultrafast"}, **options)
    return into.getvalue()


def animated_webp() -> bytes:
    frames = [plain("RGBA", WEBP_SIZE), Image.new("RGBA", WEBP_SIZE, "blue")]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], method=0)


TAKEN: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(plain("RGB")),
    "progressive JPEG": lambda: encoded(plain("RGB"), progressive=True),
    "progressive JPEG with all its colours": lambda: encoded(plain("RGB"), progressive=True, subsampling=0),
    "progressive JPEG of 30 scans": lambda: scans_repeated(20, SIZE),
    "JPEG of CMYK": lambda: encoded(plain("RGB").convert("CMYK")),
    "PNG": lambda: encoded(plain("RGB"), "PNG", compress_level=1),
    "transparent PNG": lambda: encoded(plain("RGBA"), "PNG", compress_level=1),
    "grey transparent PNG": lambda: encoded(plain("LA"), "PNG", compress_level=1),
    "PNG of 16 bits": lambda: png(*SIZE, depth=16, colour=2, row=bytes(SIZE[0] * 6)),
    "transparent PNG of 16 bits": lambda: png(*SIZE, depth=16, colour=6, row=bytes(SIZE[0] * 8)),
    "grey PNG of 16 bits": lambda: encoded(Image.new("I;16", SIZE, 30_000), "PNG", compress_level=1),
    "PNG with a palette": lambda: encoded(palette(), "PNG", compress_level=1),
    "transparent PNG with a palette": lambda: encoded(palette(transparent=True), "PNG", compress_level=1),
    "PNG of one bit": lambda: encoded(Image.new("1", SIZE), "PNG", compress_level=1),
    "interlaced PNG": lambda: interlaced_png(*SIZE),
    "GIF": lambda: encoded(palette(), "GIF"),
    "HEIC": lambda: heic("RGB"),
    "HEIC of tiles": lambda: heic("RGB", tile_size=512),
    "HEIC of ten bits": lambda: heic("RGB;16", DEEP_HEIC_SIZE, tile_size=512),
    "transparent HEIC": lambda: heic("RGBA"),
    "WebP": lambda: encoded(plain("RGB", WEBP_SIZE), "WEBP", method=0),
    "transparent WebP": lambda: encoded(plain("RGBA", WEBP_SIZE), "WEBP", method=0),
    "lossless WebP": lambda: encoded(plain("RGBA", WEBP_SIZE), "WEBP", lossless=True, method=0),
    "animated WebP": animated_webp,
}


@pytest.mark.parametrize("kind", TAKEN)
def test_the_largest_picture_of_a_kind_takes_less_than_400_mb(kind: str) -> None:
    peak, answer = peak_of(TAKEN[kind]())
    assert "renditions" in answer, answer
    assert peak < MB_MAX


def test_a_heic_that_would_take_more_is_refused_before_it_is_decoded() -> None:
    peak, answer = peak_of(heic("RGB", chroma=444))
    assert answer["code"] == "too_large"
    assert peak < MB_MAX / 4


def test_a_webp_of_more_pixels_than_its_decoder_can_hold_is_refused_by_its_header() -> None:
    assert WEBP_SIZE[0] * WEBP_SIZE[1] <= MAX_WEBP_PIXELS < MAX_PIXELS
    inspect(encoded(Image.new("RGB", (4000, 4000)), "WEBP", method=0))
    with pytest.raises(Unusable, match="16 megapixels"):
        inspect(encoded(Image.new("RGB", (4001, 4000)), "WEBP", method=0))
