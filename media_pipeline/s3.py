"""Media in a bucket: django-storages' S3Storage with one client for all threads, domain errors, and what it lacks.

Renditions are to be fetched by everyone (a bucket policy, an ACL, or a CDN before it: docs/media.md); originals and
uploads by signed addresses alone.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from boto3.s3.transfer import TransferConfig
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from core import s3
from core.files import CACHE_CONTROL, CONTENT_TYPES
from media_pipeline.storage import READ_BLOCK, ObjectStorage

log = logging.getLogger(__name__)

# As many as S3 deletes at once.
DELETED_AT_ONCE = 1000
# S3 copies so much in one request; some servers cannot copy in parts. No threads: it is one request.
COPIED_IN_ONE_REQUEST = TransferConfig(multipart_threshold=5 * 1024**3, use_threads=False)


@dataclass(frozen=True)
class Unfinished:
    """A multipart upload that was neither completed nor aborted."""

    bucket: "Bucket"
    name: str
    upload_id: str
    begun: datetime

    def abort(self) -> None:
        """Gives up its parts. Completed or given up at this moment is fine."""
        client = self.bucket.client
        with s3.reached(), suppress(client.exceptions.NoSuchUpload):
            client.abort_multipart_upload(**self.bucket.address(self.name), UploadId=self.upload_id)
            log.info("unfinished_aborted key=%s", self.name)


class Bucket(S3Storage, ObjectStorage):  # type: ignore[misc]
    """The bucket of settings.AWS_STORAGE_BUCKET_NAME, under AWS_LOCATION."""

    # Keys are random: what is there is what an earlier attempt wrote.
    file_overwrite = True
    # Larger files that are read whole are spooled to the disk.
    max_memory_size = 8 * 1024 * 1024
    transfer_config = TransferConfig(max_concurrency=4)

    @property
    def connection(self) -> Any:
        return s3.resource()

    @property
    def client(self) -> Any:
        return s3.client()

    def address(self, name: str) -> dict[str, Any]:
        """What the client's methods call this object."""
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}

    def _save(self, name: str, content: "File[Any]") -> str:
        with s3.reached():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with s3.reached():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with s3.reached():
            return bool(super().exists(name))

    def length(self, name: str) -> int | None:
        """How many bytes it has; None when it is not there."""
        try:
            with s3.reached():
                return int(self.client.head_object(**self.address(name))["ContentLength"])
        except FileNotFoundError:
            return None

    def walk(self, folder: str) -> Iterator[tuple[str, datetime]]:
        pages = self.client.get_paginator("list_objects_v2").paginate(**self._below(folder))
        with s3.reached():
            for page in pages:
                for found in page.get("Contents", ()):
                    yield self._relative(found["Key"]), found["LastModified"]

    def delete_all(self, names: Iterable[str]) -> None:
        keys = iter([{"Key": self._normalize_name(name)} for name in names])
        while batch := list(islice(keys, DELETED_AT_ONCE)):
            with s3.reached():
                answer = self.client.delete_objects(Bucket=self.bucket_name, Delete={"Objects": batch, "Quiet": True})
            for error in answer.get("Errors", ()):
                log.warning("file_not_deleted key=%s error=%s", error.get("Key"), error.get("Code"))

    def start(self, name: str, count: int) -> bytes:
        with s3.reached():
            answer = self.client.get_object(**self.address(name), Range=f"bytes=0-{count - 1}")
            content: bytes = answer["Body"].read()
            return content

    def blocks(self, name: str) -> Iterator[bytes]:
        with s3.reached():
            body = self.client.get_object(**self.address(name))["Body"]
            while block := body.read(READ_BLOCK):
                yield block

    def move(self, name: str, target: ObjectStorage, new_name: str) -> None:
        """A copy within S3, which keeps the type and caching of the object, then its deletion."""
        assert isinstance(target, Bucket)
        # An ACL is not copied.
        acl = {"ACL": target.default_acl} if target.default_acl else {}
        with suppress(FileNotFoundError), s3.reached():
            self.client.copy(
                self.address(name), *target.address(new_name).values(), ExtraArgs=acl, Config=COPIED_IN_ONE_REQUEST
            )
            self.client.delete_object(**self.address(name))

    def unfinished(self, folder: str) -> Iterator[Unfinished]:
        """Multipart uploads under FOLDER that nobody has ended."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(**self._below(folder))
        # That is rclone's word for a bucket that never had any.
        with s3.reached(), suppress(self.client.exceptions.NoSuchUpload):
            for page in pages:
                for found in page.get("Uploads", ()):
                    yield Unfinished(self, self._relative(found["Key"]), found["UploadId"], found["Initiated"])

    def abort_unfinished(self, folder: str, before: datetime) -> None:
        for unfinished in list(self.unfinished(folder)):
            if unfinished.begun < before:
                unfinished.abort()

    def _below(self, folder: str) -> dict[str, Any]:
        return {"Bucket": self.bucket_name, "Prefix": f"{self._normalize_name(folder)}/"}

    def _relative(self, key: str) -> str:
        return key.removeprefix(f"{self.location}/") if self.location else key


class PublicBucket(Bucket):
    """Renditions. Their addresses are plain, unless AWS_QUERYSTRING_AUTH has them signed."""

    object_parameters = {"CacheControl": CACHE_CONTROL}

    @cached_property
    def base_url(self) -> str | None:
        """What a name stands behind in its address; None when each is signed."""
        if self.custom_domain:
            return str(super().url("x")).removesuffix("x")
        if self.querystring_auth:
            return None
        signed: str = self.client.generate_presigned_url("get_object", Params=self.address("x"))
        return signed.partition("?")[0].removesuffix("x")

    def url(
        self,
        name: str | None,
        parameters: dict[str, str] | None = None,
        expire: int | None = None,
        http_method: str | None = None,
    ) -> str:
        if self.base_url is None:
            return str(S3Storage.url(self, name, parameters, expire, http_method))
        return f"{self.base_url}{name}"

    def get_object_parameters(self, name: str) -> dict[str, str]:
        """As the route of local files would say it; Python's own list differs from version to version."""
        content_type = CONTENT_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        return {**super().get_object_parameters(name), "ContentType": content_type}


class PrivateBucket(Bucket):
    """Originals and uploads: no ACL, no CDN, signed addresses."""

    default_acl = None
    custom_domain = None
    querystring_auth = True

    def signed_url(self, name: str, *, content_type: str, filename: str, seconds: int) -> str:
        headers = {
            "ResponseContentType": content_type,
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
            "ResponseCacheControl": "private, no-store",
        }
        return str(S3Storage.url(self, name, parameters=headers, expire=seconds))
