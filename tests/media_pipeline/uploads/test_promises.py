"""What an upload takes before its bytes come: of the disk nothing, of the quota its length, and not for long."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.profiles import user_deactivate
from core import errors
from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import Extent, UploadSession
from media_pipeline.sessions import upload_open
from tests.factories import PASSWORD
from tests.jobs import run_jobs

TUS = {"Tus-Resumable": "1.0.0"}
GIB = 1024**3
Files = Callable[[], list[Path]]


def begin(client: APIClient, length: int, **fields: Any) -> Any:
    return client.post("/api/uploads/", {"filename": "a.mp4", "content_type": "video/mp4", "length": length, **fields})


def put(client: APIClient, upload: Any, data: bytes, index: int = 0) -> Any:
    path = f"/api/uploads/{upload['id']}/chunks/{index}/"
    return client.put(path, data, content_type="application/octet-stream")


def taken(files: list[Path]) -> int:
    """Bytes of the disk."""
    return sum(path.stat().st_blocks * 512 for path in files)


def is_confirmed(client: APIClient) -> None:
    User.objects.filter(pk=client.person.pk).update(email_verified_at=timezone.now())  # type: ignore[attr-defined]


def test_an_upload_takes_of_the_disk_what_has_come(ann: APIClient, files: Files, settings: Settings) -> None:
    settings.UPLOAD_DISK_RESERVE_BYTES = 0
    upload = begin(ann, 64 * 1024**2).json()
    path = ann.post("/api/tus/", headers={**TUS, "Upload-Length": str(64 * 1024**2)})["Location"]
    deferred = ann.post("/api/tus/", headers={**TUS, "Upload-Defer-Length": "1"})["Location"]
    body = "application/offset+octet-stream"
    length = {"Upload-Length": str(64 * 1024**2)}
    declared = ann.patch(deferred, b"x", content_type=body, headers={**TUS, **length, "Upload-Offset": "0"})
    assert (ann.head(path, headers=TUS).status_code, declared.status_code) == (200, 204)
    assert taken(files()) < 64 * 1024
    assert put(ann, upload, bytes([7]) * upload["chunk_size"], index=3).status_code == 201
    assert upload["chunk_size"] <= taken(files()) < upload["chunk_size"] + 128 * 1024


def test_a_write_leaves_the_reserve_of_the_disk(ann: APIClient, settings: Settings) -> None:
    upload = begin(ann, 2048, chunk_size=1024).json()
    settings.UPLOAD_DISK_RESERVE_BYTES = 2**60
    refused = put(ann, upload, bytes(1024))
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    settings.UPLOAD_DISK_RESERVE_BYTES = 0
    assert put(ann, upload, bytes(1024)).status_code == 201


def test_an_upload_without_a_byte_expires_in_an_hour(
    ann: APIClient, files: Files, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    empty, used = begin(ann, 1024, chunk_size=1024).json(), begin(ann, 2048, chunk_size=1024).json()
    tus = ann.post("/api/tus/", headers={**TUS, "Upload-Length": "9"})
    assert put(ann, used, bytes(1024)).status_code == 201
    begun = dict(UploadSession.objects.values_list("pk", "expires_at"))
    assert len(begun) == 3
    soon, later = timezone.now() + timedelta(hours=1, seconds=1), timezone.now() + timedelta(hours=23)
    assert [str(pk) for pk, expires_at in begun.items() if expires_at > soon] == [used["id"]]
    assert begun[UploadSession.objects.get(pk=used["id"]).pk] > later
    UploadSession.objects.filter(expires_at__lt=soon).update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        sweep_uploads()
    assert ann.get(f"/api/uploads/{empty['id']}/").status_code == 410
    assert ann.head(tus["Location"], headers=TUS).status_code == 410
    assert [path.name for path in files()] == [used["id"]]


def test_an_unconfirmed_account_may_promise_a_gibibyte_in_all(ann: APIClient, settings: Settings) -> None:
    settings.UPLOAD_DISK_RESERVE_BYTES = 0
    assert begin(ann, GIB - 10).status_code == 201
    for refused in (begin(ann, 11), ann.post("/api/tus/", headers={**TUS, "Upload-Length": "11"})):
        assert (refused.status_code, refused.json()["code"]) == (413, "over_quota")
        assert "confirm" in refused.json()["detail"]
    path = ann.post("/api/tus/", headers={**TUS, "Upload-Defer-Length": "1"})["Location"]
    body = "application/offset+octet-stream"
    patched = ann.patch(path, bytes(11), content_type=body, headers={**TUS, "Upload-Offset": "0"})
    assert (patched.status_code, patched.json()["code"]) == (413, "over_quota")
    is_confirmed(ann)
    assert begin(ann, 11).status_code == 201


@pytest.mark.parametrize("quota", [None, 2 * GIB])
def test_without_a_quota_an_unconfirmed_account_has_its_limit_all_the_same(
    ann: APIClient, settings: Settings, quota: int | None
) -> None:
    settings.UPLOAD_QUOTA_BYTES, settings.UPLOAD_UNCONFIRMED_BYTES = quota, 100
    assert begin(ann, 101).status_code == 413
    settings.UPLOAD_UNCONFIRMED_BYTES = None
    assert begin(ann, 101).status_code == 201


def test_a_closed_account_has_given_its_uploads_up(ann: APIClient, files: Files) -> None:
    person: User = ann.person  # type: ignore[attr-defined]
    upload = begin(ann, 2048, chunk_size=1024).json()
    assert put(ann, upload, bytes(1024)).status_code == 201
    begin(ann, 5)
    ann.post("/api/tus/", headers={**TUS, "Upload-Length": "9", "Upload-Concat": "partial"})
    assert ann.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    assert not UploadSession.objects.filter(state="open").exists()
    assert "media_pipeline.clear_uploads" in run_jobs()
    assert files() == [] and not Extent.objects.exists()
    assert UploadSession.objects.filter(owner=person, state="aborted").count() == 3


def test_nothing_is_begun_for_an_account_that_closes_at_this_moment(ann: APIClient, files: Files) -> None:
    person: User = ann.person  # type: ignore[attr-defined]
    stale = User.objects.get(pk=person.pk)
    user_deactivate(user=person)
    with pytest.raises(errors.Forbidden) as refused:
        upload_open(owner=stale, length=10)
    assert refused.value.code == "account_closed"
    assert files() == [] and not UploadSession.objects.exists()
