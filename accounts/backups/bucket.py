"""Backups in a bucket of S3, or of what speaks like it, in parts: no more than one of them is in memory."""

import contextlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from core import s3

log = logging.getLogger(__name__)

# The smallest part that S3 takes; it takes 10,000 of them.
PART = 5 * 1024 * 1024
# What is asked for at a time, and how often: S3 answers 500 now and then, and connections break.
BLOCK = 1024 * 1024
TRIES = 4
NO_SUCH_UPLOAD = "NoSuchUpload"


class Bucket:
    """Files appear whole or not at all: a multipart upload is seen by nobody before it is completed."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def names(self) -> list[str]:
        pages = s3.client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return [found["Key"].removeprefix(self._prefix) for page in pages for found in page.get("Contents", ())]

    @contextmanager
    def writing(self, name: str) -> Iterator["_Upload"]:
        """A file to write to, which exists once the block has ended well."""
        upload = _Upload({"Bucket": self._bucket, "Key": f"{self._prefix}{name}"})
        try:
            yield upload
            upload.complete()
        except BaseException:
            with contextlib.suppress(ClientError, BotoCoreError, HTTPClientError):
                upload.abort()
            raise

    def reading(self, name: str) -> BinaryIO:
        """FileNotFoundError: there is no such file."""
        return io.BufferedReader(_Download({"Bucket": self._bucket, "Key": f"{self._prefix}{name}"}), BLOCK)

    def delete(self, name: str) -> None:
        s3.client().delete_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")

    def forget_partial(self, prefix: str) -> None:
        """Ends the multipart uploads that killed processes have left: their parts cost money, and no list has them."""
        for key, upload_id in self._unfinished(f"{self._prefix}{prefix}"):
            log.info("upload_abandoned key=%s", key)
            with _unless(NO_SUCH_UPLOAD):
                _Upload({"Bucket": self._bucket, "Key": key}, upload_id).abort()

    def _unfinished(self, prefix: str) -> list[tuple[str, str]]:
        """(key, upload) of what was begun; nothing where we may not ask, or nobody can: the backup goes on."""
        pages = s3.client().get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        found: list[tuple[str, str]] = []
        # rclone says of a bucket without any that there is no such upload.
        with _unless(NO_SUCH_UPLOAD, "AccessDenied", "NotImplemented", "MethodNotAllowed"):
            for page in pages:
                found += [(upload["Key"], upload["UploadId"]) for upload in page.get("Uploads", ())]
        return [(key, upload_id) for key, upload_id in found if key.startswith(prefix)]


@contextmanager
def _unless(*codes: str) -> Iterator[None]:
    """Lets pass what S3 refuses with one of the codes."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code not in codes:
            raise
        if code != NO_SUCH_UPLOAD:
            log.warning("uploads_not_listed code=%s: what killed processes have left there stays", code)


class _Upload:
    def __init__(self, key: dict[str, str], upload_id: str | None = None) -> None:
        begun = upload_id or s3.client().create_multipart_upload(**key, ContentType="application/gzip")["UploadId"]
        self._upload: dict[str, Any] = {**key, "UploadId": begun}
        self._parts: list[dict[str, Any]] = []
        self._buffer = bytearray()
        self._size = 0

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            room = PART - len(self._buffer)
            self._buffer += rest[:room]
            rest = rest[room:]
            if len(self._buffer) == PART:
                self._send()
        return len(data)

    def complete(self) -> None:
        if self._buffer or not self._parts:
            self._send()
        s3.complete_multipart(self._upload, self._parts, size=self._size)

    def abort(self) -> None:
        s3.client().abort_multipart_upload(**self._upload)

    def _send(self) -> None:
        """All but the last have the same size, as some that speak S3 ask for."""
        number = len(self._parts) + 1
        answer = s3.client().upload_part(**self._upload, PartNumber=number, Body=self._buffer)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._size += len(self._buffer)
        self._buffer = bytearray()


class _Download(io.RawIOBase):
    """Asks for one block after another, so that a connection that breaks costs a block and not the file."""

    def __init__(self, key: dict[str, str]) -> None:
        self._key, self._at = key, 0
        try:
            head = s3.client().head_object(**key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(key["Key"]) from error
            raise
        self._size: int = head["ContentLength"]
        # The file that was there at first, or an error: never half of each of two.
        self._same = {"IfMatch": head["ETag"]}

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), BLOCK, self._size - self._at)
        if wanted <= 0:
            return 0
        data = self._fetch(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _fetch(self, size: int) -> bytes:
        part = {"Range": f"bytes={self._at}-{self._at + size - 1}", **self._same}
        for tries_left in reversed(range(TRIES)):
            try:
                data: bytes = s3.client().get_object(**self._key, **part)["Body"].read()
                return data
            except (BotoCoreError, HTTPClientError) as error:  # the answer broke off: the client tries no such again
                if not tries_left:
                    raise
                log.warning("download_broken key=%s error=%s", self._key["Key"], type(error).__name__)
        raise AssertionError("unreachable")
