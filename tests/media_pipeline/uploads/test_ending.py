"""Uploads that nobody ends, and jobs that are killed: what is left, and what goes."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import Extent, Media, UploadSession
from media_pipeline.tasks import sweep_files
from realtime.models import Job
from tests.jobs import run_jobs

TUS = {"Tus-Resumable": "1.0.0"}


def begin(client: APIClient, length: int = 2048) -> Any:
    body = {"filename": "a.jpg", "content_type": "image/jpeg", "length": length, "chunk_size": 1024}
    return client.post("/api/uploads/", body).json()


def put(client: APIClient, upload: Any, data: bytes) -> None:
    for index in range(-(-len(data) // 1024)):
        piece = data[index * 1024 : (index + 1) * 1024]
        path = f"/api/uploads/{upload['id']}/chunks/{index}/"
        assert client.put(path, piece, content_type="application/octet-stream").status_code == 201


def sealed(client: APIClient, data: bytes) -> UploadSession:
    upload = begin(client, len(data))
    put(client, upload, data)
    assert client.post(f"/api/uploads/{upload['id']}/finalize/").status_code == 202
    return UploadSession.objects.get(pk=upload["id"])


def late(upload_id: str) -> None:
    UploadSession.objects.filter(pk=upload_id).update(expires_at=timezone.now() - timedelta(seconds=1))


def aged(path: Path) -> None:
    two_hours_ago = timezone.now().timestamp() - 7200
    os.utime(path, (two_hours_ago, two_hours_ago))


def test_an_upload_past_its_time_is_gone_and_so_are_its_bytes(
    ann: APIClient, files: Callable[[], list[Path]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload = begin(ann)
    put(ann, upload, bytes(1024))
    late(upload["id"])
    path = f"/api/uploads/{upload['id']}/"
    assert (ann.get(path).status_code, ann.get(path).json()["code"]) == (410, "expired")
    assert ann.put(f"{path}chunks/1/", bytes(1024), content_type="application/octet-stream").status_code == 410
    assert ann.post(f"{path}finalize/").status_code == 410
    assert ann.head(f"/api/tus/{upload['id']}/", headers=TUS).status_code == 410
    with django_capture_on_commit_callbacks(execute=True):
        sweep_uploads()
    assert files() == [] and not Extent.objects.exists()
    assert ann.get(path).json()["code"] == "expired"
    UploadSession.objects.update(updated_at=timezone.now() - timedelta(days=8))
    sweep_uploads()
    assert ann.get(path).status_code == 404


def test_an_upload_that_goes_on_does_not_expire(ann: APIClient, settings: Settings) -> None:
    upload = begin(ann)
    UploadSession.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    put(ann, upload, bytes(1024))
    left = UploadSession.objects.get().expires_at - timezone.now()
    assert left > timedelta(seconds=settings.UPLOAD_LIFETIME_SECONDS - 60)


def test_the_sweep_leaves_what_is_open_or_sealed(
    ann: APIClient, files: Callable[[], list[Path]], picture: bytes
) -> None:
    begin(ann)
    session = sealed(ann, picture)
    before = files()
    for path in before:
        aged(path)
    sweep_uploads()
    sweep_files()
    assert files() == before and len(before) == 2
    run_jobs()
    assert Media.objects.get(pk=session.media_id).status == "ready"


def test_files_that_no_row_knows_are_swept_once_they_are_old(ann: APIClient, files: Callable[[], list[Path]]) -> None:
    begin(ann)
    UploadSession.objects.all().delete()
    sweep_uploads()
    assert len(files()) == 1
    aged(files()[0])
    sweep_uploads()
    assert files() == []


def test_media_deleted_before_its_job_leaves_nothing(
    ann: APIClient, files: Callable[[], list[Path]], picture: bytes
) -> None:
    session = sealed(ann, picture)
    assert ann.delete(f"/api/media/{session.media_id}/").status_code == 204
    run_jobs()
    for path in files():
        aged(path)
    sweep_uploads()
    assert files() == []
    assert ann.head(f"/api/tus/{session.pk}/", headers=TUS).status_code == 410


def test_a_worker_killed_after_the_rename_costs_nothing(ann: APIClient, settings: Settings, picture: bytes) -> None:
    session = sealed(ann, picture)
    assert session.media is not None
    private = Path(settings.PRIVATE_MEDIA_ROOT)
    target = private / session.media.original
    target.parent.mkdir(parents=True)
    (private / "uploads" / str(session.pk)[:2] / str(session.pk)).rename(target)
    assert run_jobs() == ["media_pipeline.finalize_upload", "media_pipeline.process_image"]
    assert ann.get(f"/api/media/{session.media_id}/").json()["status"] == "ready"
    assert target.read_bytes() == picture


def test_bytes_that_are_lost_before_the_job_are_a_failure_that_says_so(
    ann: APIClient, settings: Settings, picture: bytes
) -> None:
    session = sealed(ann, picture)
    (Path(settings.PRIVATE_MEDIA_ROOT) / "uploads" / str(session.pk)[:2] / str(session.pk)).unlink()
    run_jobs()
    media = ann.get(f"/api/media/{session.media_id}/").json()
    assert (media["status"], media["error"]) == ("failed", "original_missing")


@pytest.mark.parametrize("copied", [0, 5000])
def test_a_whole_whose_job_was_killed_among_its_parts_is_joined_again(
    ann: APIClient, settings: Settings, files: Callable[[], list[Path]], picture: bytes, copied: int
) -> None:
    paths = []
    for piece in (picture[:5000], picture[5000:]):
        begun = ann.post(
            "/api/tus/",
            piece,
            content_type="application/offset+octet-stream",
            headers={**TUS, "Upload-Length": str(len(piece)), "Upload-Concat": "partial"},
        )
        paths.append(begun["Location"])
    whole = ann.post("/api/tus/", headers={**TUS, "Upload-Concat": "final;" + " ".join(paths)})
    upload_id = whole["Location"].split("/")[-2]
    file = Path(settings.PRIVATE_MEDIA_ROOT) / "uploads" / upload_id[:2] / upload_id
    with file.open("r+b") as half_done:
        half_done.write(picture[:copied])
    for path in files():
        aged(path)
    sweep_uploads()
    run_jobs()
    media = Media.objects.get(pk=whole["Upload-Media-Id"])
    assert media.status == "ready"
    assert (Path(settings.PRIVATE_MEDIA_ROOT) / media.original).read_bytes() == picture
    assert not list((Path(settings.PRIVATE_MEDIA_ROOT) / "uploads").rglob("*-*"))


def test_an_upload_whose_job_is_dead_is_a_failure_in_the_end(ann: APIClient, picture: bytes) -> None:
    session = sealed(ann, picture)
    Media.objects.update(created_at=timezone.now() - timedelta(hours=2))
    sweep_files()
    assert Media.objects.get().status == "pending"
    Job.objects.update(state=Job.State.DEAD)
    sweep_files()
    assert ann.get(f"/api/uploads/{session.pk}/").json()["error"] is not None
