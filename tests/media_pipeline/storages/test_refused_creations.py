"""A request that begins an upload or a media and is refused leaves nothing: no row, no bytes, no quota taken."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline.models import Extent, Media, UploadSession
from realtime.models import Job
from tests.factories import PASSWORD
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of
from tests.media_pipeline.storages.conftest import BODY, TUS, begin, checksum, nothing_left_of_uploads, put, tus_create
from tests.media_pipeline.storages.places import Place
from tests.media_pipeline.video.films import film

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def eve(transactional_db: None) -> APIClient:
    return client_of("eve")


def require_nothing(place: Place) -> None:
    left = UploadSession.objects.exists(), Extent.objects.exists(), Media.objects.exists(), Job.objects.exists()
    assert left == (False, False, False, False)
    assert nothing_left_of_uploads(place)
    assert place.names("originals") == place.names("renditions") == []


@pytest.mark.parametrize(
    ("headers", "size", "status"),
    [
        ({"Upload-Length": "1000", "Upload-Checksum": checksum(b"other")}, 1000, 460),
        ({"Upload-Length": "1000", "Upload-Checksum": checksum(b"other", "sha256")}, 300, 460),
        ({"Upload-Length": "1000"}, 1001, 413),
        ({"Upload-Defer-Length": "1"}, 5001, 413),  # over the quota
        ({"Upload-Length": "6000"}, 10, 413),
        ({"Upload-Length": "1000", "Upload-Concat": "partial", "Upload-Checksum": checksum(b"")}, 1000, 460),
    ],
    ids=str,
)
def test_a_refused_creation_with_upload_leaves_nothing(
    eve: APIClient, place: Place, settings: Settings, headers: dict[str, str], size: int, status: int
) -> None:
    settings.UPLOAD_QUOTA_BYTES = 5000
    answer = eve.post("/api/tus/", bytes(size), content_type=BODY, headers={**TUS, **headers})
    assert answer.status_code == status, answer.content
    assert "Location" not in answer.headers
    require_nothing(place)
    assert eve.post("/api/tus/", headers={**TUS, "Upload-Length": "5000"}).status_code == 201


def test_a_whole_that_is_refused_leaves_its_parts_alone(eve: APIClient, place: Place, settings: Settings) -> None:
    parts = [tus_create(eve, b"x" * 600, Upload_Length=600, Upload_Concat="partial")["Location"] for _ in range(2)]
    settings.UPLOAD_QUOTA_BYTES = 1000
    before = place.names("uploads")
    answer = eve.post("/api/tus/", headers={**TUS, "Upload-Concat": f"final;{parts[0]} {parts[1]}"})
    assert (answer.status_code, answer.json()["code"]) == (413, "over_quota")
    assert set(UploadSession.objects.values_list("state", flat=True)) == {"open"}
    assert (place.names("uploads"), UploadSession.objects.count(), Media.objects.exists()) == (before, 2, False)


def test_a_refused_picture_leaves_nothing_whatever_it_comes_with(
    eve: APIClient, place: Place, settings: Settings, picture: bytes
) -> None:
    settings.UPLOAD_QUOTA_BYTES = len(picture) - 1
    text = base64.b64encode(picture).decode()
    video = SimpleUploadedFile("a.webm", b"\x1aE\xdf\xa3" + picture)
    for answer in (
        eve.post("/api/media/", {"image": text}),
        eve.post("/api/media/", {"file": video}, format="multipart"),
        eve.post("/api/recipes/", {"name": "Soup", "image": text}),
        eve.post("/api/posts/", {"text": "Soup", "image": [text]}),
        eve.put("/api/me/picture/", {"picture": text}),
        eve.post("/api/media/", {"image": text}, headers={"Idempotency-Key": "k"}),
    ):
        assert (answer.status_code, answer.json().get("code")) == (413, "over_quota"), answer.content
    require_nothing(place)


def test_a_refused_beginning_of_a_film_leaves_nothing(eve: APIClient, place: Place, settings: Settings) -> None:
    head = film("320x180", seconds=1)
    settings.UPLOAD_QUOTA_BYTES = len(head) - 1
    chunk = SimpleUploadedFile("blob", head)
    path = "/post/add/media/video/"
    answer = eve.post(path, {"filename": "dinner.mp4", "chunk": chunk}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "over_quota")
    require_nothing(place)


def test_a_closed_account_keeps_no_byte_of_its_uploads(eve: APIClient, place: Place) -> None:
    upload = begin(eve, 3000, 1024)
    assert put(eve, upload, 1, bytes(3000)).status_code == 201
    tus_create(eve, b"x" * 10, Upload_Length=600)
    assert place.names("uploads") != []
    assert eve.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    assert not UploadSession.objects.filter(state="open").exists()
    run_jobs()
    assert nothing_left_of_uploads(place) and not Extent.objects.exists()
