"""The S3 of settings.AWS_*: one client for a process, which its threads share. What it raises, as domain errors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.conf import settings

from core import errors

log = logging.getLogger(__name__)

NO_ROOM_STATUS = 507
# The answer to HEAD has no body that would say more.
NO_OBJECT = {"NoSuchKey", "404"}
_creating = Lock()


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
        )


@lru_cache(maxsize=4)
def _resource(
    endpoint: str | None,
    region: str | None,
    key: str | None,
    secret: str | None,
    token: str | None,
    signature: str,
    addressing: str,
) -> Any:
    config = Config(
        signature_version=signature,
        s3={"addressing_style": addressing},
        # Four tries: a 500, a 503 or a broken connection now and then is nobody's error.
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=60,
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


@contextmanager
def reached() -> Iterator[None]:
    """Turns what S3 refuses, or that it is away, into StorageFull and Unavailable. FileNotFoundError: no such object.

    What went wrong is in the log, for whoever gets the 503 can do nothing about it.
    """
    try:
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
