"""Uploads in a bucket: an object for each extent, which the worker composes in the end.

Every attempt to write an extent has an object of its own, so none is ever written over; which of them counts is said by
the row (`Extent.place`). Those that lost go with the upload: its objects have one prefix. Nothing is locked, and nobody
waits: of two that write the same bytes at once both do, and the one whose row comes second is told so.
"""

import base64
import logging
import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from core import errors, s3
from media_pipeline.models import Extent
from media_pipeline.s3 import PrivateBucket
from media_pipeline.storage import private_storage
from media_pipeline.stores.composing import Compose, Source
from media_pipeline.stores.pieces import Pieces

log = logging.getLogger(__name__)

FOLDER = "uploads"
# An extent longer than this (a tus body with a checksum, which counts as a whole or not at all) goes in parts, so that
# no more of it is in memory. S3 asks for 5 MiB; a block of a body (bodies.BLOCK and a message more) is in no parts.
PART = 9 * 1024 * 1024


class S3Region:
    """One attempt to write an extent. Nobody else sees it until its row is there."""

    def __init__(self, bucket: PrivateBucket, upload_id: uuid.UUID, offset: int) -> None:
        self._bucket, self._place = bucket, secrets.token_hex(8)
        self._object = bucket.address(_name(upload_id, offset, self._place))
        self._pieces: list[bytes] = []
        self._size = 0
        self._multipart: dict[str, Any] = {}
        self._parts: list[dict[str, Any]] = []
        self._sent = 0

    def write(self, offset: int, pieces: Iterable[bytes]) -> None:
        """Keeps PIECES in memory, up to PART bytes of them."""
        for piece in pieces:
            if self._size >= PART:
                self._send_part()
            if piece:
                self._pieces.append(piece)
                self._size += len(piece)

    def sync(self, sha256: bytes) -> str:
        if self._multipart:
            self._send_part()
            with s3.reached():
                s3.complete_multipart(self._multipart, self._parts, size=self._sent)
            self._multipart = {}
        else:
            with s3.reached():
                self._bucket.client.put_object(
                    # S3 compares, and keeps nothing when they differ.
                    **self._object, Body=self._taken(), ChecksumSHA256=base64.b64encode(sha256).decode()
                )  # fmt: skip
        return self._place

    def discard(self) -> None:
        with _left_to_the_sweep(self._object["Key"]):
            self._bucket.client.delete_object(**self._object)

    def close(self) -> None:
        """Gives up parts that were not completed."""
        if self._multipart:
            with _left_to_the_sweep(self._object["Key"]):
                self._bucket.client.abort_multipart_upload(**self._multipart)

    def _send_part(self) -> None:
        client, size = self._bucket.client, self._size
        with s3.reached():
            if not self._multipart:
                begun = client.create_multipart_upload(**self._object)
                self._multipart = {**self._object, "UploadId": begun["UploadId"]}
            number = len(self._parts) + 1
            sent = client.upload_part(**self._multipart, PartNumber=number, Body=self._taken())
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._sent += size

    def _taken(self) -> Pieces:
        content = Pieces(self._pieces)
        self._pieces, self._size = [], 0
        return content


class S3Store:
    """The objects under `uploads/` of the private storage's bucket."""

    def __init__(self) -> None:
        bucket = private_storage()
        assert isinstance(bucket, PrivateBucket)
        self._bucket = bucket

    def create(self, upload_id: uuid.UUID, length: int | None) -> None:
        """A bucket has room."""

    def declare(self, upload_id: uuid.UUID, length: int) -> None:
        """A bucket has room."""

    @contextmanager
    def region(self, upload_id: uuid.UUID, start: int = 0, length: int = 0) -> Iterator[S3Region]:
        """Held by anybody who asks: their rows decide."""
        region = S3Region(self._bucket, upload_id, start)
        try:
            yield region
        finally:
            region.close()

    def head(self, upload_id: uuid.UUID, count: int) -> bytes:
        """One request, unless the first extents are shorter than that. Gaps are zeros, as in a file."""
        content = b""
        for source in self._sources([upload_id]):
            if source.offset >= count:
                break
            with _found():
                content = content.ljust(source.offset, b"\0") + self._bucket.start(source.name, count - source.offset)
        return content

    def keep(self, upload_id: uuid.UUID, parts: Sequence[uuid.UUID], key: str) -> None:
        """Composed by S3 itself of what is large enough; smaller extents pass through this worker's memory."""
        sources = list(self._sources(parts or [upload_id]))
        kept = self._bucket.length(key)
        # Without extents it was done before, and else, perhaps; what another left there is written over.
        if kept is not None and (not sources or kept == sum(source.length for source in sources)):
            return
        if not sources:
            raise _lost()
        with _found():
            Compose(self._bucket, key, sources).run()

    def delete(self, upload_id: uuid.UUID) -> None:
        """What cannot be deleted now is left to the sweep."""
        folder = f"{FOLDER}/{upload_id.hex[:2]}/{upload_id}"
        with _left_to_the_sweep(folder):
            self._bucket.delete_all(name for name, _ in self._bucket.walk(folder))
            for unfinished in self._bucket.unfinished(folder):
                unfinished.abort()

    def listed(self) -> Iterator[tuple[uuid.UUID, datetime]]:
        """All objects are listed, a thousand a request."""
        found: dict[uuid.UUID, datetime] = {}
        written = [(name, when) for name, when in self._bucket.walk(FOLDER)]
        written += [(unfinished.name, unfinished.begun) for unfinished in self._bucket.unfinished(FOLDER)]
        for name, when in written:
            try:
                upload_id = uuid.UUID(name.split("/")[2])
            except (ValueError, IndexError):  # none of ours
                continue
            found[upload_id] = max(when, found.get(upload_id, when))
        yield from found.items()

    def _sources(self, upload_ids: Sequence[uuid.UUID]) -> Iterator[Source]:
        for upload_id in upload_ids:
            rows = Extent.objects.filter(session=upload_id).order_by("offset")
            for offset, length, sha256, place in rows.values_list("offset", "length", "sha256", "place"):
                yield Source(_name(upload_id, offset, place), offset, length, sha256)


def _name(upload_id: uuid.UUID, offset: int, place: str) -> str:
    return f"{FOLDER}/{upload_id.hex[:2]}/{upload_id}/{offset:013d}-{place}"


def _lost() -> errors.Gone:
    return errors.Gone("The upload's bytes are no longer here: begin again.", code="upload_gone")


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise _lost() from error


@contextmanager
def _left_to_the_sweep(name: str) -> Iterator[None]:
    try:
        with s3.reached():
            yield
    except (errors.DomainError, FileNotFoundError) as error:
        log.warning("file_not_deleted key=%s error=%r", name, error)
