"""What a picture's header says of it: type and size, within the limits. Decodes nothing and needs no Pillow.

Requests ask `inspect`, whose cost does not grow with the file. `check_scans` reads on to the end of a JPEG; the worker
asks it before the picture is decoded. Both raise Unusable.
"""

import re
from typing import NamedTuple

from media_pipeline.sniffing import HEAD_BYTES, sniff
from media_pipeline.unusable import TOO_LARGE, TRUNCATED, UNSUPPORTED, Unusable

MAX_BYTES = 20 * 1024 * 1024
# Phones make up to 50.
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
# libwebp's decoder holds up to 18 bytes a pixel (two canvases, what it decodes, and what it hands over), so that more
# would take above 400 MB.
MAX_WEBP_PIXELS = 16_000_000
_NO_FILL = re.compile(rb"[^\xff]")
# A progressive JPEG has about ten; each costs the time to go over the whole picture, in as little as 73 bytes.
MAX_SCANS = 100
# A JPEG of several scans is held as coefficients, of two bytes each, until the last one has come: 50 megapixels in
# three whole components take 300 MB.
MAX_COEFFICIENTS = 155_000_000
# Segments of a JPEG before its picture, and boxes of a HEIC that are looked at.
MAX_SEGMENTS = 2000

DAMAGED = "The picture is damaged or incomplete."

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
# Frame headers of JPEG: all of C0 to CF but DHT, JPG and DAC. Of those the ones that are sequential.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
# Markers without a length: TEM and RST0 to RST7.
BARE = frozenset({0x01, *range(0xD0, 0xD8)})
# The next marker behind the data of a scan: no escaped FF, no restart, no fill byte.
_BEHIND_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class Header(NamedTuple):
    """What a file says of itself; the size is the stored one, before turning upright."""

    content_type: str
    width: int
    height: int


def inspect(data: bytes) -> Header:
    """Type and size by the header alone, within the limits."""
    content_type = type_of(data)
    width, height = SIZES[content_type](data)
    check_size(content_type, width, height)
    return Header(content_type, width, height)


def type_of(data: bytes) -> str:
    """One of SIZES, by the first bytes."""
    sniffed = sniff(data[:HEAD_BYTES])
    if sniffed is None or sniffed.content_type not in SIZES:
        raise Unusable(UNSUPPORTED, "The picture must be a JPEG, PNG, WebP, GIF or HEIC file.")
    return sniffed.content_type


def check_size(content_type: str, width: int, height: int) -> None:
    if not (width and height):
        raise Unusable(TRUNCATED, DAMAGED)
    most = MAX_WEBP_PIXELS if content_type == "image/webp" else MAX_PIXELS
    if max(width, height) > MAX_SIDE or width * height > most:
        raise Unusable(
            TOO_LARGE,
            f"The picture has {width} x {height} pixels; {most // 1_000_000} megapixels "
            f"and {MAX_SIDE} a side are taken{' of a WebP' if most < MAX_PIXELS else ''}.",
        )


def check_scans(data: bytes) -> None:
    """Unusable (UNSUPPORTED) for a JPEG of more than MAX_SCANS scans. It is walked as libjpeg walks it."""
    frame = _frame(data)
    if not frame.has_many_scans:
        return
    scans, marker, at = 0, SOS, frame.scan_at
    while marker != EOI and marker != SOI:
        if marker not in BARE:
            at += int.from_bytes(data[at : at + 2], "big")
        if marker == SOS:
            scans += 1
            if scans > MAX_SCANS:
                raise Unusable(UNSUPPORTED, f"The picture has more than {MAX_SCANS} progressive scans.")
        found = _BEHIND_SCAN.search(data, at)
        if found is None:
            return
        marker, at = data[found.end() - 1], found.end()


# --- Sizes, by format ---------------------------------------------------------------------------------


class _Frame(NamedTuple):
    """Of a JPEG. `scan_at` is where the header of the first scan begins, behind its marker."""

    width: int
    height: int
    has_many_scans: bool
    scan_at: int


def _jpeg_size(data: bytes) -> tuple[int, int]:
    frame = _frame(data)
    return frame.width, frame.height


def _frame(data: bytes) -> _Frame:
    """Reads the segments up to the first scan. Also checks how much memory the coefficients take."""
    at, kind, frame = 2, 0, b""
    for _ in range(MAX_SEGMENTS):
        # Any number of fill bytes (FF) may stand before a marker. Two searches in C pass a file full of them at once.
        fill = data.find(b"\xff", at)
        found = _NO_FILL.search(data, fill) if fill >= 0 else None
        if found is None or found.start() + 3 > len(data):
            break
        marker, at = data[found.start()], found.end()
        if marker in BARE or marker == 0:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if marker in (SOI, EOI) or length < 2:
            break
        if marker in FRAMES:
            kind, frame = marker, data[at + 2 : at + length]
        elif marker == SOS:
            if len(frame) < 6 or at + 3 > len(data):
                break
            height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
            has_many_scans = kind not in SEQUENTIAL or data[at + 2] < frame[5]
            if has_many_scans:
                _check_coefficients(width, height, frame)
            return _Frame(width, height, has_many_scans, at)
        at += length
    else:
        raise Unusable(UNSUPPORTED, f"The picture has more than {MAX_SEGMENTS} segments before its first scan.")
    raise Unusable(TRUNCATED, DAMAGED)


def _check_coefficients(width: int, height: int, frame: bytes) -> None:
    """Each component has its own sampling factors: `frame` has three bytes for each, the second of which has both."""
    factors = [(byte >> 4, byte & 15) for byte in frame[7 : 6 + 3 * frame[5] : 3]]
    across, down = (max((pair[side] for pair in factors), default=0) for side in (0, 1))
    if not (across and down):
        raise Unusable(TRUNCATED, DAMAGED)
    held = sum(width * one[0] * height * one[1] for one in factors) // (across * down)
    if held > MAX_COEFFICIENTS:
        raise Unusable(
            TOO_LARGE,
            f"The picture has {width} x {height} pixels in {frame[5]} components and several scans, which takes too "
            f"much memory: {MAX_COEFFICIENTS // frame[5] // 1_000_000} megapixels of that kind are taken.",
        )


def _png_size(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise Unusable(TRUNCATED, DAMAGED)
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif_size(data: bytes) -> tuple[int, int]:
    """The logical screen's. A first frame may be larger, which shows before it is decoded."""
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _webp_size(data: bytes) -> tuple[int, int]:
    """The canvas: libwebp's animation decoder reserves two of it."""
    chunk, head = data[12:16], data[20:30]
    if len(head) < 10:
        raise Unusable(TRUNCATED, DAMAGED)
    if chunk == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _heic_size(data: bytes) -> tuple[int, int]:
    """The largest of all sizes in the list of properties: the picture's, and those of its tiles and thumbnails."""
    inside: dict[bytes, int] = {b"meta": 4, b"iprp": 0, b"ipco": 0}
    at, end, width, height = 0, len(data), 0, 0
    for _ in range(MAX_SEGMENTS):
        if at + 8 > end:
            break
        size, kind, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if kind == b"ispe":
            found = int.from_bytes(data[body + 4 : body + 8], "big"), int.from_bytes(data[body + 8 : body + 12], "big")
            width, height = max(found, (width, height), key=lambda pair: pair[0] * pair[1])
        if kind in inside:
            at, end = body + inside[kind], min(at + size, end) if size else end
        elif size < 8:  # 0 is a box up to the end
            break
        else:
            at += size
    return width, height


SIZES = {
    "image/jpeg": _jpeg_size,
    "image/png": _png_size,
    "image/webp": _webp_size,
    "image/gif": _gif_size,
    "image/heic": _heic_size,
}
