"""The S3 of settings.AWS_*: one client for a process, which its threads share. What it raises, as domain errors.

A request waits for a bucket less long than a job does, and at most half of the threads that answer requests do at once:
when the bucket hangs, the other half answers all that needs none.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import Condition, Lock, local
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.conf import settings

from core import errors, threads

log = logging.getLogger(__name__)

NO_ROOM_STATUS = 507
# The answer to HEAD has no body that would say more.
NO_OBJECT = {"NoSuchKey", "404"}
_creating = Lock()
# So long a request waits for its turn, unless all others have had theirs for longer: then the bucket does not answer.
TURN_SECONDS, SLOW_SECONDS = 1.0, 2.0


def client() -> Any:
    """A botocore client of S3; threads may share it."""
    return resource().meta.client


def resource() -> Any:
    """The same as a boto3 resource, which django-storages works with. It holds no state that threads would share."""
    with _creating:
        return _resource(
            settings.AWS_S3_ENDPOINT_URL,
            settings.AWS_S3_REGION_NAME,
            settings.AWS_ACCESS_KEY_ID,
            settings.AWS_SECRET_ACCESS_KEY,
            settings.AWS_SESSION_TOKEN,
            settings.AWS_S3_SIGNATURE_VERSION,
            settings.AWS_S3_ADDRESSING_STYLE,
            is_hasty=threads.in_pool(),
        )


@lru_cache(maxsize=8)
def _resource(
    endpoint: str | None,
    region: str | None,
    key: str | None,
    secret: str | None,
    token: str | None,
    signature: str,
    addressing: str,
    *,
    is_hasty: bool = False,
) -> Any:
    config = Config(
        signature_version=signature,
        s3={"addressing_style": addressing},
        # Several tries: a 500, a 503 or a broken connection now and then is nobody's error. Jobs have the large copies.
        retries={"mode": "standard", "total_max_attempts": 2 if is_hasty else 4},
        connect_timeout=3 if is_hasty else 5,
        read_timeout=15 if is_hasty else 60,
        max_pool_connections=32,
        tcp_keepalive=True,
        # What AWS added in 2025 (a checksum behind each body) is refused by many that speak S3.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = boto3.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region
    )
    return session.resource("s3", endpoint_url=endpoint, config=config)


def complete_multipart(multipart: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], *, size: int) -> None:
    """Makes the object of SIZE bytes out of its parts. MULTIPART names Bucket, Key and UploadId."""
    bucket = client()
    try:
        bucket.complete_multipart_upload(**multipart, MultipartUpload={"Parts": parts})
    except bucket.exceptions.NoSuchUpload:
        # The answer to the first try was lost: then it is there, and all of it.
        try:
            found = bucket.head_object(Bucket=multipart["Bucket"], Key=multipart["Key"])
        except ClientError:
            found = {}
        if found.get("ContentLength") != size:
            raise


class _Turns:
    """Who of the pool's threads waits for a bucket: half of them at most."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._begun: list[float] = []
        self._own = local()

    @contextmanager
    def one(self) -> Iterator[None]:
        """A turn of this thread's, which has one at a time. Unavailable when there is none."""
        if not threads.in_pool() or getattr(self._own, "has_one", False):
            yield
            return
        begun = self._begin()
        self._own.has_one = True
        try:
            yield
        finally:
            self._own.has_one = False
            with self._changed:
                self._begun.remove(begun)
                self._changed.notify()

    def _begin(self) -> float:
        most = max(1, settings.WEB_THREADS // 2)
        with self._changed:
            hangs = len(self._begun) >= most and time.monotonic() - max(self._begun) > SLOW_SECONDS
            if not self._changed.wait_for(lambda: len(self._begun) < most, timeout=0 if hangs else TURN_SECONDS):
                log.error("s3_busy requests=%s", len(self._begun))
                raise errors.Unavailable("The storage is slow to answer: try again shortly.")
            begun = time.monotonic()
            self._begun.append(begun)
        return begun


_turns = _Turns()


@contextmanager
def reached() -> Iterator[None]:
    """A request's turn at the bucket. FileNotFoundError: no such object.

    Turns what S3 refuses, or that it is away, into StorageFull and Unavailable.
    What went wrong is in the log, for whoever gets the 503 can do nothing about it.
    """
    try:
        with _turns.one():
            yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code = error.response.get("Error", {}).get("Code")
        if code in NO_OBJECT:
            raise FileNotFoundError(code) from error
        log.error("s3_refused operation=%s status=%s code=%s", error.operation_name, status, code)
        if status == NO_ROOM_STATUS:
            raise errors.StorageFull("There is no room for more bytes: try again later.") from error
        raise errors.Unavailable("The storage does not answer as it should: try again shortly.") from error
    except (BotoCoreError, Boto3Error, HTTPClientError) as error:
        log.error("s3_unreachable error=%s", type(error).__name__)
        raise errors.Unavailable("The storage cannot be reached: try again shortly.") from error
