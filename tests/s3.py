"""Real S3 servers for tests: moto's, and `rclone serve s3`. Each is wrong where the other is right.

moto checks no signature and knows bucket policies; rclone checks signatures, takes any part sizes, and cannot copy one
object into a part of another. A test that asks for `bucket` runs with both, one with `moto` or `rclone` with that one.
The bucket is empty, and the settings name it: put `media_on_s3(settings)` on top to have media there.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pytest_django import Settings

from core import s3
from core.processes import bound, free_port, stop

KEY, SECRET, REGION = "simmer-tests", "a-secret-of-the-tests", "eu-central-1"
START_SECONDS = 60


@dataclass(frozen=True)
class Bucket:
    """An empty bucket on a server. `kind` is `moto` or `rclone`."""

    kind: str
    endpoint: str
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process of Simmer is to find in its environment."""
        return {
            "AWS_STORAGE_BUCKET_NAME": self.name,
            "AWS_S3_ENDPOINT_URL": self.endpoint,
            "AWS_S3_REGION_NAME": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_S3_ADDRESSING_STYLE": "path",
        }

    def apply(self, settings: Settings) -> None:
        """The same for this process."""
        for name, value in self.environment.items():
            setattr(settings, name, value)

    @property
    def client(self) -> Any:
        """A client of the server itself, whatever the settings say."""
        return s3._resource(self.endpoint, REGION, KEY, SECRET, None, "s3v4", "path").meta.client

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def unfinished(self) -> list[str]:
        """The keys of multipart uploads that were neither completed nor aborted."""
        try:
            found = self.client.list_multipart_uploads(Bucket=self.name)
        except self.client.exceptions.NoSuchUpload:  # what rclone says of a bucket that never had any
            return []
        return [upload["Key"] for upload in found.get("Uploads", ())]

    def let_everyone_read(self, prefix: str) -> None:
        """A bucket policy (which rclone does not know)."""
        self.client.put_bucket_policy(Bucket=self.name, Policy=policy(self.name, prefix))


def policy(bucket: str, prefix: str) -> str:
    return f"""{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{bucket}/{prefix}*"}}]}}"""


@contextmanager
def served(kind: str, folder: Path) -> Iterator[str]:
    """The endpoint of a server of that kind, which keeps its files (rclone) and its log in FOLDER."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    if kind == "moto":
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    else:
        data = folder / "rclone"
        data.mkdir()
        rclone = str(Path(sys.executable).with_name("rclone"))
        command = [rclone, "serve", "s3", str(data), "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}"]
        command += ["--config", str(folder / "rclone.conf")]
    log = folder / f"{kind}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            bound(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait(process, endpoint, log)
        yield endpoint
    finally:
        stop(process)


def _wait(process: "subprocess.Popen[bytes]", endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(endpoint)  # any answer
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"The S3 server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("moto", tmp_path_factory.mktemp("moto")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def rclone_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("rclone", tmp_path_factory.mktemp("rclone")) as endpoint:
        yield endpoint


def new_bucket(kind: str, endpoint: str) -> Bucket:
    bucket = Bucket(kind, endpoint, f"simmer-{uuid4().hex[:12]}")
    place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}} if kind == "moto" else {}
    bucket.client.create_bucket(Bucket=bucket.name, **place)
    return bucket


@pytest.fixture
def moto(moto_endpoint: str, settings: Settings) -> Bucket:
    bucket = new_bucket("moto", moto_endpoint)
    bucket.apply(settings)
    return bucket


@pytest.fixture
def rclone(rclone_endpoint: str, settings: Settings) -> Bucket:
    bucket = new_bucket("rclone", rclone_endpoint)
    bucket.apply(settings)
    return bucket


@pytest.fixture(params=["moto", "rclone"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A test that asks for this runs with each of the two."""
    found: Bucket = request.getfixturevalue(request.param)
    return found


def media_on_s3(settings: Settings) -> None:
    """Media and uploads go to the bucket that the settings name."""
    settings.MEDIA_STORAGE = "s3"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "media_pipeline.s3.PublicBucket"},
        "private": {"BACKEND": "media_pipeline.s3.PrivateBucket"},
    }
