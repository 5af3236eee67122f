"""What a file is, by its first bytes alone: neither its name nor what a client declares is believed.

This only chooses who looks at the file next; that it can be decoded is found by decoding it.
"""

from typing import NamedTuple

# Enough for every signature below.
HEAD_BYTES = 64
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}
# Neither a film nor a picture that is taken: AVIF, and sound alone.
OTHER_BRANDS = {b"avif", b"avis", b"M4A ", b"M4B "}
# What may be declared when an upload is begun.
IMAGE_TYPES = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/heic", "image/heif"}
VIDEO_TYPES = {"video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/x-m4v", "video/3gpp"}
# What the name of a file of that type ends in.
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/heic": "heic",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
}


class Sniffed(NamedTuple):
    """`kind` is `image` or `video`."""

    kind: str
    content_type: str


def sniff(head: bytes) -> Sniffed | None:
    """What a file that begins with HEAD is; None when it is nothing that is taken here."""
    if head.startswith(b"\xff\xd8\xff"):
        return Sniffed("image", "image/jpeg")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Sniffed("image", "image/png")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Sniffed("image", "image/gif")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("image", "image/webp")
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in HEIC_BRANDS:
            return Sniffed("image", "image/heic")
        if brand in OTHER_BRANDS:
            return None
        return Sniffed("video", "video/quicktime" if brand == b"qt  " else "video/mp4")
    # QuickTime from before brands.
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return Sniffed("video", "video/quicktime")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return Sniffed("video", "video/webm" if b"webm" in head else "video/x-matroska")
    return None
