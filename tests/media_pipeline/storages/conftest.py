"""Each test that asks for `place` runs with media on the local disk, on two S3 servers, and at a stub of Cloudinary."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline import finalizing, tasks
from media_pipeline.models import Media
from tests.jobs import run_jobs
from tests.media_pipeline.storages.cloudinary_stub import Cloudinary, cloudinary_stub
from tests.media_pipeline.storages.places import BucketPlace, CloudinaryPlace, LocalPlace, Place
from tests.s3 import Bucket, media_on_s3

TUS = {"Tus-Resumable": "1.0.0"}
BODY = "application/offset+octet-stream"


def on_s3(bucket: Bucket, settings: Settings) -> BucketPlace:
    if bucket.kind == "moto":
        bucket.let_everyone_read("renditions/")
    else:  # which knows no policies
        settings.AWS_QUERYSTRING_AUTH = True
    media_on_s3(settings)
    return BucketPlace(bucket)


@pytest.fixture
def cloud(settings: Settings) -> Iterator[Cloudinary]:
    """Media are at this Cloudinary."""
    with cloudinary_stub() as cloud:
        settings.MEDIA_STORAGE, settings.CLOUDINARY_URL = "cloudinary", cloud.url
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "media_pipeline.cloudinary_storage.PublicCloudinary"},
            "private": {"BACKEND": "media_pipeline.cloudinary_storage.PrivateCloudinary"},
        }
        yield cloud


@pytest.fixture(params=["local", "moto", "rclone", "cloudinary"])
def place(request: pytest.FixtureRequest, settings: Settings) -> Place:
    disk = LocalPlace(Path(settings.MEDIA_ROOT), Path(settings.PRIVATE_MEDIA_ROOT))
    if request.param == "local":
        return disk
    if request.param == "cloudinary":
        return CloudinaryPlace(request.getfixturevalue("cloud"), disk)
    return on_s3(request.getfixturevalue(request.param), settings)


@pytest.fixture
def nothing_is_young(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweeps take what they would take after an hour."""
    for module in (finalizing, tasks):
        monkeypatch.setattr(module, "SWEPT_AFTER", timedelta(seconds=-60))


def begin(client: APIClient, length: int, chunk_size: int, **fields: Any) -> Any:
    body = {"filename": "a", "content_type": "application/octet-stream", "length": length, "chunk_size": chunk_size}
    answer = client.post("/api/uploads/", {**body, **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def put(client: APIClient, upload: Any, index: int, data: bytes, *, sha256: bool = False) -> Any:
    """Chunk INDEX of the file DATA."""
    size = upload["chunk_size"]
    chunk = data[index * size : (index + 1) * size]
    headers = {"X-Chunk-SHA256": hashlib.sha256(chunk).hexdigest()} if sha256 else {}
    path = f"/api/uploads/{upload['id']}/chunks/{index}/"
    return client.put(path, chunk, content_type="application/octet-stream", headers=headers)


def finalize(client: APIClient, upload: Any) -> Any:
    return client.post(f"/api/uploads/{upload['id']}/finalize/")


def uploaded(client: APIClient, data: bytes, chunk_size: int, **fields: Any) -> Any:
    """A complete upload that was not finalized."""
    upload = begin(client, len(data), chunk_size, **fields)
    for index in range(upload["chunk_count"]):
        assert put(client, upload, index, data).status_code == 201
    return upload


def tus_create(client: APIClient, data: bytes = b"", **headers: Any) -> Any:
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    answer = client.post("/api/tus/", data, content_type=BODY if data else None, headers={**TUS, **named})
    assert answer.status_code == 201, answer.content
    return answer


def tus_append(client: APIClient, path: str, data: bytes, offset: int, **headers: Any) -> Any:
    named = {"Upload-Offset": str(offset), **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
    return client.patch(path, data, content_type=BODY, headers={**TUS, **named})


def checksum(data: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def ready(client: APIClient, media_id: str) -> Any:
    """The media shape after all jobs have run."""
    run_jobs()
    media = client.get(f"/api/media/{media_id}/").json()
    assert media["status"] == "ready", media
    return media


def original_of(place: Place, media_id: str) -> bytes:
    return place.read(Media.objects.get(pk=media_id).original)


def nothing_left_of_uploads(place: Place) -> bool:
    return place.names("uploads") == [] and place.half_written() == []
