"""Many objects of a bucket become one, as far as possible without their bytes leaving it.

A part of a multipart upload has 5 MiB at least (but the last), and there are 10,000 at most. An extent that is large
enough is copied by S3 itself (UploadPartCopy); smaller ones are read and sent, a part of them in memory at a time, and
what is read is compared with the hash of its row.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from core import s3
from media_pipeline.s3 import PrivateBucket

PART_MIN = 5 * 1024 * 1024
PARTS_MAX = 10_000
READ_BLOCK = 1024 * 1024
# Some that speak S3 take a copy for an empty part. Which, is found out once.
_without_copies: set[str | None] = set()


class CopiesNothing(Exception):
    """This server cannot copy an object into a part."""


@dataclass(frozen=True)
class Source:
    """An object that is part of the whole, and what its row says of it."""

    name: str
    # In its upload.
    offset: int
    length: int
    sha256: str


class Compose:
    """The object KEY out of SOURCES. FileNotFoundError when one of them is gone, Unavailable when S3 is."""

    def __init__(self, bucket: PrivateBucket, key: str, sources: Sequence[Source]) -> None:
        self._bucket, self._client, self._sources = bucket, bucket.client, sources
        self._target = bucket.address(key)
        self._length = sum(source.length for source in sources)
        self._part_size = max(PART_MIN, -(-self._length // PARTS_MAX))
        self._endpoint = self._client.meta.endpoint_url
        self._buffer = bytearray()
        self._multipart: dict[str, Any] = {}
        self._parts: list[dict[str, Any]] = []

    def run(self) -> None:
        """Either the whole object is there afterwards, or none."""
        with s3.reached():
            if len(self._sources) == 1:
                self._client.copy_object(**self._target, CopySource=self._bucket.address(self._sources[0].name))
            elif self._length < PART_MIN:
                for source in self._sources:
                    self._read(source, 0, source.length)
                self._client.put_object(**self._target, Body=self._buffer)
            else:
                try:
                    self._in_parts()
                except CopiesNothing:
                    _without_copies.add(self._endpoint)
                    self._in_parts()
            found = self._client.head_object(**self._target)["ContentLength"]
        if found != self._length:
            with s3.reached():
                self._client.delete_object(**self._target)
            raise OSError(f"{found} bytes of {self._length} were composed")

    def _in_parts(self) -> None:
        begun = self._client.create_multipart_upload(**self._target)
        self._multipart = {**self._target, "UploadId": begun["UploadId"]}
        self._parts.clear()
        self._buffer.clear()
        try:
            for source in self._sources:
                self._add(source)
            if self._buffer:
                self._send()
            s3.complete_multipart(self._multipart, self._parts, size=self._length)
        except BaseException:
            # Of a worker that is killed here, the sweep does it.
            self._client.abort_multipart_upload(**self._multipart)
            raise

    def _add(self, source: Source) -> None:
        # What the part in hand lacks; if the rest is large enough, it is a part of its own.
        start = self._part_size - len(self._buffer) if self._buffer else 0
        if source.length - start < self._part_size or self._endpoint in _without_copies:
            self._read(source, 0, source.length)
            return
        if start:
            self._read(source, 0, start)
        self._copy(source, start)

    def _copy(self, source: Source, start: int) -> None:
        """Has S3 copy the source from START on."""
        number = len(self._parts) + 1
        place = {"CopySource": self._bucket.address(source.name), "PartNumber": number}
        if start:
            place["CopySourceRange"] = f"bytes={start}-{source.length - 1}"
        try:
            answer = self._client.upload_part_copy(**self._multipart, **place)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 501:
                raise
            answer = {}
        etag = answer.get("CopyPartResult", {}).get("ETag")
        if etag is None:
            raise CopiesNothing
        self._parts.append({"PartNumber": number, "ETag": etag})

    def _read(self, source: Source, start: int, end: int) -> None:
        """Adds bytes START to END of the source to the part in hand, and sends that as often as it is full."""
        whole = start == 0 and end == source.length
        found = hashlib.sha256()
        wanted = {} if whole else {"Range": f"bytes={start}-{end - 1}"}
        body = self._client.get_object(**self._bucket.address(source.name), **wanted)["Body"]
        while block := body.read(READ_BLOCK):
            found.update(block)
            self._buffer += block
            if self._multipart and len(self._buffer) >= self._part_size:
                self._send()
        if whole and found.hexdigest() != source.sha256:
            raise OSError(f"{source.name} is not what was acknowledged")

    def _send(self) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(**self._multipart, PartNumber=number, Body=self._buffer)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._buffer.clear()
