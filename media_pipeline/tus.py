"""tus 1.0 as text: what its headers say. Nothing here knows uploads or HTTP; every bad header raises Invalid."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.errors import Invalid
from media_pipeline.extents import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination,concatenation"
CHECKSUMS = {"sha1": 20, "sha256": 32}
BODY_TYPE = "application/offset+octet-stream"
# Sixteen digits: more than any disk, and less than a 64-bit column.
_NUMBER = re.compile(r"\d{1,16}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]+")
_PART = re.compile(r"(?:https?://[^/\s]+)?/[^\s?#]*?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?")


@dataclass(frozen=True)
class Concat:
    """`Upload-Concat`: a part (`part_ids` is empty), or the whole of those parts."""

    part_ids: Sequence[UUID] = ()


def parse_number(name: str, value: str | None) -> int:
    """A header that is a number of bytes."""
    if value is None or not _NUMBER.fullmatch(value):
        raise _invalid(name, "A number of bytes is required.")
    return int(value)


def parse_length(length: str | None, deferred: str | None) -> int | None:
    """`Upload-Length`, or None for `Upload-Defer-Length: 1`; exactly one of them is required."""
    if deferred is None:
        return parse_number("Upload-Length", length)
    if deferred != "1" or length is not None:
        raise _invalid("Upload-Defer-Length", "Either 1, or absent with an Upload-Length.")
    return None


def parse_metadata(value: str) -> dict[str, str]:
    """`Upload-Metadata`: `name base64,name base64`; a value may be missing."""
    metadata: dict[str, str] = {}
    for item in filter(None, value.split(",")):
        key, _, encoded = item.strip().partition(" ")
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise _invalid("Upload-Metadata", "Values are UTF-8 in base64.") from error
        if not _KEY.fullmatch(key) or key in metadata:
            raise _invalid("Upload-Metadata", "Names are ASCII without spaces and commas, each once.")
        metadata[key] = text
    return metadata


def format_metadata(metadata: Mapping[str, str]) -> str:
    """What `parse_metadata` reads."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".rstrip() for key, value in metadata.items())


def parse_checksum(value: str | None) -> Checksum | None:
    """`Upload-Checksum: sha1 base64`."""
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != CHECKSUMS.get(algorithm, -1):
        raise _invalid("Upload-Checksum", f"One of {', '.join(CHECKSUMS)}, a space, and the hash in base64.")
    return Checksum(algorithm, digest)


def parse_concat(value: str | None) -> Concat | None:
    """`Upload-Concat: partial`, or `final;` and the addresses of the parts."""
    if value is None:
        return None
    if value == "partial":
        return Concat()
    kind, _, addresses = value.partition(";")
    found = [match[1] for address in addresses.split() if (match := _PART.fullmatch(address))]
    if kind == "final" and found and len(found) == len(addresses.split()):
        return Concat([UUID(part) for part in found])
    raise _invalid("Upload-Concat", "Either partial, or final; and the addresses of the parts.")


def format_concat(part_ids: Sequence[str]) -> str:
    return "final;" + " ".join(f"/api/tus/{part_id}/" for part_id in part_ids)


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid(f"{name}: {detail}", errors={name: [detail]})
