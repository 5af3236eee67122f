"""Real pictures, made by Pillow, and a look at what became of them."""

import math
import struct
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image, ImageChops, ImageDraw, ImageStat

pillow_heif.register_heif_opener()
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 30), (30, 30, 220), (230, 220, 30)
ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F
# The stored picture that shows upright after each EXIF orientation: the inverse of what a viewer does.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def corners(width: int = 1200, height: int = 900) -> Image.Image:
    """Red, green, blue and yellow quarters (clockwise from the top left) with soft shapes: which way is up shows."""
    picture = Image.new("RGB", (width, height), RED)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 2, 0, width, height // 2), GREEN)
    draw.rectangle((width // 2, height // 2, width, height), BLUE)
    draw.rectangle((0, height // 2, width // 2, height), YELLOW)
    draw.ellipse((width // 3, height // 3, width * 2 // 3, height * 2 // 3), (240, 240, 240))
    return picture


def photo(width: int, height: int) -> Image.Image:
    """Smooth colours and texture, much like a photograph."""
    texture = Image.effect_noise((width // 8, height // 8), 40).resize((width, height), Image.Resampling.BICUBIC)
    slope = Image.linear_gradient("L").resize((width, height))
    turned = slope.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return Image.merge("RGB", [Image.blend(texture, channel, 0.6) for channel in (slope, turned, slope)])


def encoded(picture: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def gps_exif(orientation: int = 1) -> Image.Exif:
    """EXIF as of a phone: its maker, how it was held, where it was."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKER] = "SpyPhone"
    exif[GPS] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)}
    return exif


def stored_as(upright: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera held that way writes them."""
    turn = STORED[orientation]
    return upright if turn is None else upright.transpose(turn)


def near(found: Any, wanted: tuple[int, ...], *, within: int = 25) -> bool:
    return all(abs(a - b) <= within for a, b in zip(found, wanted, strict=True))


def quarters(picture: Image.Image) -> list[tuple[int, ...]]:
    """The colours near the corners, clockwise from the top left."""
    rgb = picture.convert("RGB")
    right, bottom = rgb.width * 9 // 10, rgb.height * 9 // 10
    left, top = rgb.width // 10, rgb.height // 10
    return [rgb.getpixel(point) for point in ((left, top), (right, top), (right, bottom), (left, bottom))]  # type: ignore[misc]


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in dB."""
    sums = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    return 10 * math.log10(255**2 / (sum(sums) / len(sums) / (one.width * one.height)))


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, row: bytes = b"") -> bytes:
    """A PNG of equal rows, by hand: Pillow writes neither 16-bit colours nor headers that lie."""
    lines = zlib.compress((b"\0" + row) * height if row else b"")
    return png_head(width, height, depth, colour) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def png_head(width: int, height: int, depth: int = 8, colour: int = 2, *, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def chunk(name: bytes, data: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def swapping_profile() -> bytes:
    """An ICC profile (version 2, matrix and curve) like sRGB, with red and green exchanged."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))

    red, green, blue = xyz(0.4361, 0.2225, 0.0139), xyz(0.3851, 0.7169, 0.0971), xyz(0.1431, 0.0606, 0.7141)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"swap\0" + bytes(78) + b"\0"
    tags = {
        b"desc": text,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": green,
        b"gXYZ": red,
        b"bXYZ": blue,
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body
