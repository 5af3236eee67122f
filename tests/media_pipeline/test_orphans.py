import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from accounts.models import User
from media_pipeline.models import Media, UploadSession
from media_pipeline.services import image_create
from media_pipeline.tasks import sweep_files
from realtime.models import Job, StreamEvent
from tests.media_pipeline.conftest import client_of, processed, upload
from tests.media_pipeline.pictures import corners, encoded

PHOTO = encoded(corners(64, 48))
Files = Callable[[], list[Path]]


class StubbornStorage(FileSystemStorage):
    """Deletes nothing, as a read-only disk."""

    def delete(self, name: str) -> None:
        raise PermissionError(name)


def age(paths: list[Path], *, hours: float = 2) -> None:
    for path in paths:
        os.utime(path, (time.time() - hours * 3600,) * 2)


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_a_rolled_back_transaction_leaves_no_file(ann: APIClient, files: Files) -> None:
    class Later(Exception):
        pass

    with pytest.raises(Later), transaction.atomic():
        image_create(owner=ann.person, data=PHOTO)  # type: ignore[attr-defined]
        assert len(files()) == 1
        raise Later
    assert (files(), Media.objects.count(), Job.objects.count()) == ([], 0, 0)


def test_a_picture_that_cannot_be_recorded_leaves_no_file(db: None, files: Files) -> None:
    with pytest.raises((IntegrityError, ValueError)):
        image_create(owner=User(username="never saved"), data=PHOTO)
    assert files() == []


@pytest.mark.django_db(transaction=True)
def test_a_committed_transaction_keeps_its_file(files: Files) -> None:
    upload(client_of("carl"), PHOTO)
    assert len(files()) == 1


def test_the_file_is_kept_once_the_callbacks_of_the_commit_ran(
    ann: APIClient, files: Files, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        upload(ann, PHOTO)
    callbacks.clear()
    assert len(files()) == 1


def test_the_sweep_takes_old_files_that_no_row_knows(ann: APIClient, files: Files, settings: Any) -> None:
    media = processed(ann, PHOTO)
    used = files()
    public, private = Path(settings.MEDIA_ROOT), Path(settings.PRIVATE_MEDIA_ROOT)
    shard = f"{media['id'][:2]}/{media['id']}"
    stranger = str(uuid4())
    orphans = [
        write(private / "originals" / stranger[:2] / stranger),
        write(public / "renditions" / stranger[:2] / stranger / "0f" / "large.jpg"),
        write(public / "renditions" / stranger[:2] / stranger / "0f" / "large.webp"),
        write(public / "renditions" / shard / "run-that-was-killed" / "large.jpg"),
    ]
    foreign = [
        write(private / "originals" / "00" / "README"),
        write(private / "backups" / "users.csv"),
        write(public / "renditions" / "00" / "README" / "x" / "y.jpg"),
    ]
    sweep_files()
    assert files() == sorted(used + orphans + foreign)  # as young as a transaction that is still open
    age(used + orphans + foreign)
    sweep_files()
    assert files() == sorted(used + foreign)
    assert not (public / "renditions" / stranger[:2] / stranger).exists()
    sweep_files()
    assert files() == sorted(used + foreign)


def test_what_cannot_be_deleted_is_left_to_the_next_sweep(
    ann: APIClient, files: Files, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = str(uuid4())
    stubborn = Path(settings.PRIVATE_MEDIA_ROOT) / "originals" / stranger[:2] / stranger
    age([write(stubborn)])
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {**settings.STORAGES["private"], "BACKEND": f"{__name__}.StubbornStorage"},
    }
    sweep_files()
    assert files() == [stubborn]
    assert f"file_not_deleted key=originals/{stranger[:2]}/{stranger}" in caplog.text


def test_the_sweep_finds_nothing_in_an_empty_installation(db: None, files: Files) -> None:
    sweep_files()
    assert files() == []


def test_the_sweep_gives_up_media_whose_job_died_silently(ann: APIClient) -> None:
    stuck, waiting, young = (upload(ann, PHOTO).json()["id"] for _ in range(3))
    Job.objects.filter(args__media_id=stuck).update(state=Job.State.DEAD)
    Job.objects.filter(args__media_id=young).delete()
    Media.objects.filter(id__in=[stuck, waiting]).update(created_at=timezone.now() - timedelta(hours=2))
    sweep_files()
    assert ann.get(f"/api/media/{stuck}/").json()["error"] == "processing_failed"
    for other in (waiting, young):
        assert ann.get(f"/api/media/{other}/").json()["status"] == "pending"
    assert [event.data["id"] for event in StreamEvent.objects.filter(type="media.failed")] == [stuck]
    sweep_files()
    assert StreamEvent.objects.filter(type="media.failed").count() == 1


def test_media_whose_next_job_is_recorded_while_the_sweep_looks_are_at_work(ann: APIClient) -> None:
    media_id = upload(ann, PHOTO).json()["id"]
    session = UploadSession.objects.create(
        owner=ann.person,  # type: ignore[attr-defined]
        length=len(PHOTO),
        state=UploadSession.State.SEALED,
        media_id=media_id,
        sealed_at=timezone.now(),
        expires_at=timezone.now(),
    )
    Media.objects.update(created_at=timezone.now() - timedelta(hours=2))
    finalize = {"task": "media_pipeline.finalize_upload", "args": {"upload_id": str(session.pk)}}
    process = {"task": "media_pipeline.process_image", "args": {"media_id": media_id}}
    Job.objects.update(**finalize)
    looks: list[str] = []

    def end_the_first_job(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and 'FROM "realtime_job"' in sql:
            looks.append(sql)
            if len(looks) == 1:
                Job.objects.update(**process)
        return result

    with connection.execute_wrapper(end_the_first_job):
        sweep_files()
    assert len(looks) == 2
    assert ann.get(f"/api/media/{media_id}/").json()["status"] == "pending"


@pytest.mark.django_db(transaction=True)
def test_when_the_database_goes_away_the_file_is_left_to_the_sweep(files: Files) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is in the process")
    ann = client_of("ann").person  # type: ignore[attr-defined]
    # Whether a commit arrived whose answer was lost, nobody knows.
    with pytest.raises(DatabaseError), transaction.atomic():
        image_create(owner=ann, data=PHOTO)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert len(files()) == 1 and not Media.objects.exists()
    age(files())
    sweep_files()
    assert files() == []
