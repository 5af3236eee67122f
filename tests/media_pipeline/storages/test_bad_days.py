"""S3 answers 500 now and then, or is away for a while: clients are told to try again, and nothing is lost."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from core.errors import Unavailable
from media_pipeline.bodies import BLOCK
from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import Extent
from media_pipeline.stores import store
from media_pipeline.tasks import sweep_files
from realtime.models import Job
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of, processed, upload
from tests.media_pipeline.pictures import encoded
from tests.media_pipeline.storages.between import Between, between
from tests.media_pipeline.storages.conftest import (
    TUS,
    begin,
    finalize,
    nothing_left_of_uploads,
    on_s3,
    original_of,
    put,
    ready,
    tus_append,
    tus_create,
    uploaded,
)
from tests.media_pipeline.storages.places import BucketPlace
from tests.s3 import Bucket


@pytest.fixture
def place(bucket: Bucket, settings: Settings) -> BucketPlace:
    return on_s3(bucket, settings)


@pytest.fixture
def way(bucket: Bucket, settings: Settings, place: BucketPlace) -> Iterator[Between]:
    """What lies between this process and the bucket."""
    with between(bucket.endpoint) as way:
        settings.AWS_S3_ENDPOINT_URL = way.endpoint
        settings.STORAGES = {**settings.STORAGES}
        yield way


@pytest.fixture(scope="module")
def large() -> bytes:
    """A PNG of 7 MB: its upload is composed in parts."""
    return encoded(Image.effect_noise((2650, 2650), 64), "PNG", compress_level=0)


def test_a_storage_that_fails_now_and_then_loses_nothing(
    ann: APIClient, place: BucketPlace, way: Between, large: bytes, picture: bytes, nothing_is_young: None
) -> None:
    way.fails_every = 3
    begun = uploaded(ann, large, 6_000_000)
    media_id = finalize(ann, begun).json()["media_id"]
    path = tus_create(ann, Upload_Length=len(picture))["Location"]
    assert tus_append(ann, path, picture[:5000], 0).status_code == 204
    last = tus_append(ann, path, picture[5000:], 5000)
    small_id = last["Upload-Media-Id"]
    direct_id = upload(ann, picture).json()["id"]
    for media, data in ((media_id, large), (small_id, picture), (direct_id, picture)):
        ready(ann, media)
        assert original_of(place, media) == data
    sweep_uploads()
    sweep_files()
    assert way.failed > 10
    way.fails_every = 0
    sweep_uploads()
    sweep_files()
    assert nothing_left_of_uploads(place)
    assert len(place.names("originals")) == 3 and len(place.names("renditions")) == 18


def is_told_to_try_again(answer: Any) -> bool:
    return (answer.status_code, answer.json()["code"], "Retry-After" in answer) == (503, "unavailable", True)


def test_while_the_storage_is_away_clients_are_told_to_try_again(
    ann: APIClient, place: BucketPlace, way: Between, picture: bytes
) -> None:
    begun = begin(ann, len(picture), len(picture))
    path = tus_create(ann, picture[:10], Upload_Length=len(picture))["Location"]
    way.is_away = True
    assert is_told_to_try_again(put(ann, begun, 0, picture))
    assert is_told_to_try_again(tus_append(ann, path, picture[10:], 10))
    assert is_told_to_try_again(upload(ann, picture))
    assert Extent.objects.count() == 1
    way.is_away = False
    assert ann.head(path, headers=TUS)["Upload-Offset"] == "10"
    assert put(ann, begun, 0, picture).status_code == 201
    way.is_away = True
    assert is_told_to_try_again(finalize(ann, begun))
    way.is_away = False
    media_id = finalize(ann, begun).json()["media_id"]
    way.is_away = True
    Job.objects.update(enqueue_at=timezone.now() - timedelta(seconds=1))
    run_jobs()
    job = Job.objects.get()
    assert (job.state, job.attempts, "Unavailable" in job.error) == ("queued", 1, True)
    way.is_away = False
    Job.objects.update(enqueue_at=timezone.now())
    ready(ann, media_id)
    assert original_of(place, media_id) == picture


def test_media_whose_job_died_are_given_up_while_the_storage_is_away(
    ann: APIClient, place: BucketPlace, way: Between, picture: bytes, nothing_is_young: None
) -> None:
    media_id = upload(ann, picture).json()["id"]
    Job.objects.update(state=Job.State.DEAD)
    way.is_away = True
    with pytest.raises(Unavailable):
        sweep_files()
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "failed"


def test_a_block_of_a_body_is_one_request(place: BucketPlace, way: Between) -> None:
    pieces = [bytes(256 * 1024)] * (BLOCK // (256 * 1024) + 1)  # a message more, as a web server sends them
    with store.region(uuid4(), 0, 0) as region:
        region.write(0, pieces)
        region.sync(hashlib.sha256(b"".join(pieces)).digest())
    assert (way.count, len(place.names("uploads"))) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_deleted_now_is_swept_later(
    place: BucketPlace, way: Between, picture: bytes, nothing_is_young: None
) -> None:
    ann = client_of("ann")
    begun, media = uploaded(ann, picture, 8192), processed(ann, picture)
    way.is_away = True
    assert ann.delete(f"/api/uploads/{begun['id']}/").status_code == 204
    assert ann.delete(f"/api/media/{media['id']}/").status_code == 204
    way.is_away = False
    assert place.names("uploads") and place.names("originals") and place.names("renditions")
    sweep_uploads()
    sweep_files()
    assert nothing_left_of_uploads(place)
    assert place.names("originals") == place.names("renditions") == []


def test_what_killed_workers_began_is_given_up(
    ann: APIClient, place: BucketPlace, bucket: Bucket, picture: bytes, nothing_is_young: None
) -> None:
    upload_id = begin(ann, len(picture), 8192)["id"]
    stranger = "00000000-0000-4000-8000-000000000000"
    for key in (
        f"uploads/00/{stranger}/0-x",
        f"originals/00/{stranger}",
        f"renditions/00/{stranger}/x/film.mp4",
        f"uploads/{upload_id[:2]}/{upload_id}/0-x",  # of somebody who may be writing it
    ):
        bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key)
    sweep_uploads()
    sweep_files()
    assert place.half_written() == [f"uploads/{upload_id[:2]}/{upload_id}/0-x"]
