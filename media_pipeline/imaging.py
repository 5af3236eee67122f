"""Pictures: pure Pillow, bytes in and bytes out. Nothing here knows Django, owners or storage.

`render` decodes once and makes every rendition from that, or raises Unusable. What comes out is always encoded anew
from pixels alone: upright, sRGB, without EXIF, GPS, XMP, comments, profiles or whatever was hidden behind or inside the
file. It decodes what strangers sent, so only a confined process calls it (media_pipeline/picture_rendering.py).
"""

import contextlib
import math
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, NamedTuple

import pillow_heif
from PIL import Image, ImageCms

from media_pipeline.headers import DAMAGED as DAMAGED_TEXT
from media_pipeline.headers import MAX_PIXELS, check_scans, check_size, inspect
from media_pipeline.thumbhash import thumbhash_base64
from media_pipeline.unusable import TOO_LARGE, TRUNCATED, Unusable

# Name to the square it fits in, largest first: each is made from the one before.
RENDITIONS = {"large": 800, "small": 400, "thumb": 200}
LARGEST = max(RENDITIONS.values())
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

# What libheif holds while it decodes, in bytes a pixel, as measured: by chroma sampling, for 8 bits and for more. Those
# of transparency come in addition. Of the file there are three copies.
HEIC_BYTES = {420: (4.7, 8.0), 422: (8.0, 15.0), 444: (9.0, 15.0)}
HEIC_ALPHA_BYTES = (2.5, 5.0)
# 400 MB less what the child has without a picture.
HEIC_MEMORY = 365_000_000
# How many pixels of a decoded picture are converted at a time, on their way to a smaller one.
BAND_PIXELS = 2_000_000

# Pillow's own guard, behind our check of the header: it warns from here on, and a warning is an error.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# All plugins, before the process forks for a picture.
Image.init()
options = pillow_heif.options
options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
options.DECODE_THREADS = 1

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


class Rendition(NamedTuple):
    """One size, encoded twice."""

    jpeg: bytes
    webp: bytes
    width: int
    height: int


class Rendered(NamedTuple):
    """All sizes by name, and the placeholder (a thumbhash in base64)."""

    renditions: dict[str, Rendition]
    placeholder: str


def render(data: bytes) -> Rendered:
    """Every rendition and the placeholder, from one decode."""
    picture = decoded(data)
    renditions = {}
    for name, side in RENDITIONS.items():
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        renditions[name] = Rendition(*_encode(picture), *picture.size)
    return Rendered(renditions, thumbhash_base64(picture))


def decoded(data: bytes) -> Image.Image:
    """The first frame at most as large as the largest rendition: RGB, or RGBA where something is transparent."""
    content_type = inspect(data).content_type
    if content_type == "image/jpeg":
        check_scans(data)
    with _damage_is_unusable():
        if content_type == "image/heic":
            return _decoded_heic(data)
        with Image.open(BytesIO(data), formats=[FORMATS[content_type]]) as image:
            # What Pillow will decode: a GIF's first frame may be larger than its screen.
            check_size(content_type, *image.size)
            return _upright_srgb(image)


@contextlib.contextmanager
def _damage_is_unusable() -> Iterator[None]:
    """Whatever a decoder raises inside becomes Unusable."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable(TOO_LARGE, "The picture has too many pixels.") from error
    except DAMAGED as error:
        if "Memory allocation error" in str(error):  # libheif's
            raise MemoryError from error
        raise Unusable(TRUNCATED, f"{DAMAGED_TEXT} ({error!r})") from error


def _upright_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    # Small first, upright second: turning 12 megapixels costs as much as all the rest. The square box makes both
    # orders come to the same size.
    if image.format in ("JPEG", "MPO"):
        # Only JPEG decodes to a smaller size by itself.
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS, reducing_gap=JPEG_GAP)
        # thumbnail() leaves a picture that fits already undecoded.
        image.load()
        small = image
    else:
        image.load()
        width = image.width
        small = _reduced(image.size, lambda top, bottom: image.crop((0, top, width, bottom)))
    orientation = _orientation(image)
    picture = _srgb(small, profile)
    if orientation in UPRIGHT:
        picture = picture.transpose(UPRIGHT[orientation])
    # Encoders take comments and more from here.
    picture.info.clear()
    return picture


def _decoded_heic(data: bytes) -> Image.Image:
    """As `_upright_srgb`, which libheif's pictures are already.

    Bands are taken from libheif's memory: a Pillow image of all of it would be 200 MB more.
    """
    file = pillow_heif.open_heif(BytesIO(data))
    image = file[file.primary_index]
    info: dict[str, Any] = image.info
    check_size("image/heic", *image.size)
    _check_heic_memory(image, info, len(data))
    pixels, stride, mode = memoryview(image.data), image.stride, image.mode
    width, height = image.size  # decoding may have changed it

    def band(top: int, bottom: int) -> Image.Image:
        rows = pixels[top * stride : bottom * stride]
        return Image.frombytes(mode, (width, bottom - top), rows, "raw", mode, stride)

    picture = _srgb(_reduced((width, height), band), info.get("icc_profile"))
    picture.info.clear()
    return picture


def _check_heic_memory(image: pillow_heif.HeifImage, info: dict[str, Any], file_size: int) -> None:
    is_deep = info["bit_depth"] > 8
    bytes_a_pixel = HEIC_BYTES.get(info.get("chroma", 420), HEIC_BYTES[420])[is_deep]
    if image.has_alpha:
        bytes_a_pixel += HEIC_ALPHA_BYTES[is_deep]
    most = int((HEIC_MEMORY - 3 * file_size) / bytes_a_pixel)
    if image.size[0] * image.size[1] > most:
        raise Unusable(
            TOO_LARGE,
            f"The picture has {image.size[0]} x {image.size[1]} pixels of a kind that takes much memory; "
            f"{most // 1_000_000} megapixels of that kind are taken.",
        )


def _reduced(size: tuple[int, int], band: Callable[[int, int], Image.Image]) -> Image.Image:
    """The picture as large as the largest rendition, in a mode that can be filtered.

    `band` gives its rows from one up to another. They are converted and made smaller by a whole factor band by band:
    the picture as a whole, converted, would take as much memory again.
    """
    width, height = size
    factor = max(1, int(max(size) / LARGEST / OTHER_GAP))
    rows = factor * max(1, BAND_PIXELS // (width * factor))
    small: Image.Image | None = None
    for top in range(0, height, rows):
        piece = _filterable(band(top, min(top + rows, height))).reduce(factor)
        if small is None:
            small = Image.new(piece.mode, (math.ceil(width / factor), math.ceil(height / factor)))
        small.paste(piece, (0, top // factor))
    assert small is not None
    scale = min(1.0, LARGEST / max(size))
    fitting = max(1, round(width * scale)), max(1, round(height * scale))
    return small.resize(fitting, Image.Resampling.LANCZOS, box=(0, 0, width / factor, height / factor))


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
    except DAMAGED:  # a broken EXIF block is no reason to refuse the picture
        return 1


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    if profile:
        image = _converted(image, profile)
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image.putalpha(alpha)
    return image


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A broken profile, or one for another kind of picture: the pixels as they are come nearest.
        return image
    assert converted is not None
    return converted


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
