"""Pictures: pure Pillow, bytes in and bytes out. Nothing here knows Django, owners or storage.

`inspect` reads a header and decodes nothing; `render` decodes once and makes every rendition from that. Both raise
`Unusable`. What comes out is always encoded anew from pixels alone: upright, sRGB, without EXIF, GPS, XMP, comments,
profiles or whatever was hidden behind or inside the file.
"""

import contextlib
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms

from media_pipeline.sniffing import HEAD_BYTES, sniff
from media_pipeline.thumbhash import thumbhash_base64

log = logging.getLogger(__name__)

MAX_BYTES = 20 * 1024 * 1024
# Phones make up to 50; decoded as RGB that is 150 MB, the most a worker should spend on one picture.
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
# Name to the square it fits in, largest first: each is made from the one before.
RENDITIONS = {"large": 800, "small": 400, "thumb": 200}
JPEG_QUALITY = 82
WEBP_QUALITY = 80
# 0 (fast) to 6 (small).
WEBP_METHOD = 2
# How much larger than wanted the cheap reduction must leave the picture for the good filter. Measured at 12 megapixels
# against the good filter alone: libjpeg's own scaling 43 dB at 1.0 in a quarter of the time, 52 dB at 2.0 in half of
# it. Whole factors of a decoded picture (everything but JPEG) save less and blur more.
JPEG_GAP, OTHER_GAP = 1.0, 2.0
# What Pillow calls the types that sniffing.py knows.
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/heic": "HEIF",
}

UNSUPPORTED, TRUNCATED, TOO_LARGE = "unsupported_media", "truncated", "too_large"

# Pillow's own guard, behind our check of the header: it warns from here on, and a warning is an error.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)

SRGB = ImageCms.createProfile("sRGB")
# How EXIF orientations are turned upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
EXIF_ORIENTATION = 0x0112
# What decoders raise for damaged data: nearly anything. The data is in memory, so an OSError is no failing disk. Not
# Exception: a time limit that strikes in the middle is no fault of the picture.
DAMAGED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Unusable(Exception):
    """This will never become a picture. `code` is UNSUPPORTED, TRUNCATED or TOO_LARGE."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Header:
    """What a file says of itself; the size is the stored one, before turning upright."""

    content_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Rendition:
    """One size, encoded twice."""

    jpeg: bytes
    webp: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Rendered:
    """All sizes by name, and the placeholder (a thumbhash in base64)."""

    renditions: dict[str, Rendition]
    placeholder: str


def inspect(data: bytes) -> Header:
    """Type and size by the header alone, within the limits."""
    with _opened(data) as image:
        return Header(_type(data), *image.size)


def render(data: bytes) -> Rendered:
    """Every rendition and the placeholder, from one decode."""
    with _opened(data) as opened:
        picture = _upright_srgb(opened)
    renditions = {}
    for name, side in RENDITIONS.items():
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        renditions[name] = Rendition(*_encode(picture), *picture.size)
    return Rendered(renditions, thumbhash_base64(picture))


def _type(data: bytes) -> str:
    """One of FORMATS, by the first bytes."""
    sniffed = sniff(data[:HEAD_BYTES])
    if sniffed is None or sniffed.content_type not in FORMATS:
        raise Unusable(UNSUPPORTED, "The picture must be a JPEG, PNG, WebP, GIF or HEIC file.")
    return sniffed.content_type


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture, not decoded yet, its size checked. Whatever Pillow raises inside becomes Unusable."""
    kind = FORMATS[_type(data)]
    if kind == "WEBP":
        _check_size(*_webp_canvas(data))
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            _check_size(*image.size)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable(TOO_LARGE, "The picture has too many pixels.") from error
    except DAMAGED as error:
        log.info("picture_unusable error=%r", error)
        raise Unusable(TRUNCATED, "The picture is damaged or incomplete.") from error


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Unusable(
            TOO_LARGE,
            f"The picture has {width} x {height} pixels; {MAX_PIXELS // 1_000_000} megapixels "
            f"and {MAX_SIDE} a side are taken.",
        )


def _webp_canvas(data: bytes) -> tuple[int, int]:
    """Width and height, read before libwebp's animation decoder reserves two canvases of that size."""
    chunk, head = data[12:16], data[20:30]
    if len(head) < 10:
        raise Unusable(TRUNCATED, "The picture is damaged or incomplete.")
    if chunk == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _upright_srgb(image: Image.Image) -> Image.Image:
    """The first frame at most as large as the largest rendition: RGB, or RGBA where something is transparent."""
    profile = image.info.get("icc_profile")
    side = max(RENDITIONS.values())
    gap = JPEG_GAP
    if image.format not in ("JPEG", "MPO"):
        gap = OTHER_GAP
        # Only JPEG decodes to a smaller size by itself; others must be in a mode that can be filtered first.
        image.load()
        image = _filterable(image)
    # Small first, upright second: turning 12 megapixels costs as much as all the rest. The square box makes both
    # orders come to the same size.
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=gap)
    # thumbnail() leaves a picture that fits already undecoded.
    image.load()
    orientation = _orientation(image)
    picture = _srgb(image, profile)
    if orientation in UPRIGHT:
        picture = picture.transpose(UPRIGHT[orientation])
    # Encoders take comments and more from here.
    picture.info.clear()
    return picture


def _filterable(image: Image.Image) -> Image.Image:
    """Palettes and bitmaps as colours, 16 bits as 8."""
    if image.mode.startswith("I"):
        # convert("L") would clip: 16 bits are scaled to 8.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.has_transparency_data:
        return image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except DAMAGED as error:  # a broken EXIF block is no reason to refuse the picture
        log.info("exif_unreadable error=%r", error)
        return 1


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                SRGB,
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            assert converted is not None
            image = converted
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            # A broken profile, or one for another kind of picture: the pixels as they are come nearest.
            log.info("icc_profile_ignored error=%r", error)
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image.putalpha(alpha)
    return image


def _encode(picture: Image.Image) -> tuple[bytes, bytes]:
    """(JPEG, WebP). JPEG knows no transparency: white shows through."""
    flat = picture
    if picture.mode == "RGBA":
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A"))
    jpeg, webp = BytesIO(), BytesIO()
    flat.save(jpeg, "JPEG", quality=JPEG_QUALITY, optimize=True)
    picture.save(webp, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return jpeg.getvalue(), webp.getvalue()
