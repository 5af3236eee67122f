"""One backup a week: asked for by whichever tick comes first, made by a job that may be killed anywhere."""

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.backups import files, jobs
from accounts.backups.bucket import Bucket
from accounts.backups.files import Place, backup_place, backups, check
from accounts.backups.folder import Folder
from accounts.backups.jobs import ask_for_backup, week_of
from accounts.models import Backup, User
from core import s3
from core.alarms import current_alarms
from realtime.jobs import execute
from realtime.models import Job
from tests.concurrently import at_once
from tests.factories import UserFactory
from tests.jobs import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def on(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """For what asks and makes; jobs are due by the real clock."""

    class Clock:
        @staticmethod
        def now() -> datetime:
            return moment

    monkeypatch.setattr(jobs, "timezone", Clock)
    monkeypatch.setattr(files, "timezone", Clock)


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 29), "2026-W48"),
        (date(2026, 11, 30), "2026-W49"),
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_weeks_begin_on_monday(day: date, week: str) -> None:
    assert week_of(day) == week


def test_a_week_has_one_backup_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory.create_batch(2)
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    for hours in range(0, 24 * 21, 5):
        on(monkeypatch, monday + timedelta(hours=hours))
        ask_for_backup()
        ask_for_backup()
        run_jobs()
    assert list(Backup.objects.order_by("week").values_list("week", "rows")) == [
        ("2026-W49", 2),
        ("2026-W50", 2),
        ("2026-W51", 2),
    ]
    place = backup_place()
    assert backups(place) == sorted(Backup.objects.values_list("file", flat=True), reverse=True)
    for backup in Backup.objects.all():
        manifest = check(place, backup.file)
        assert (manifest.week, manifest.size, manifest.sha256) == (backup.week, backup.size, backup.sha256)
        assert backup.place == str(place)


def test_ticks_at_once_ask_for_one() -> None:
    at_once([ask_for_backup] * 6)
    assert Job.objects.count() == Backup.objects.count() == 1


def test_a_backup_whose_job_is_dead_or_deleted_is_asked_for_again() -> None:
    ask_for_backup()
    Job.objects.update(state=Job.State.DEAD, attempts=5)
    ask_for_backup()
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 0)
    job.delete()
    ask_for_backup()
    assert run_jobs() == [jobs.BACK_UP]
    assert Backup.objects.get().finished_at is not None


def test_a_bucket_that_refuses_is_tried_again_and_loses_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture, moto: Any
) -> None:
    settings.BACKUP_BUCKET = "of-somebody-else"
    ask_for_backup()
    run_jobs()
    job = Job.objects.get()
    assert "NoSuchBucket" in job.error
    assert "job.failed task=accounts.back_up_users" in caplog.text
    settings.BACKUP_BUCKET = moto.name
    Job.objects.update(enqueue_at=timezone.now())
    run_jobs()
    assert Backup.objects.get().place == f"s3://{moto.name}/backups/"


def test_a_backup_that_fails_half_way_leaves_its_worker_a_connection_that_works(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot's transaction, which refuses every write, is over when the job's failure is noted."""
    people = UserFactory.create_batch(5)

    def break_off(rows: Any, sink: Any) -> Any:
        for number, _ in enumerate(rows, 1):
            if number == 3:
                raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write", break_off)
    ask_for_backup()
    job = Job.objects.get()
    assert execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 1)
    assert "No space left on device" in job.error
    User.objects.filter(pk=people[0].pk).update(first_name="Ann")
    monkeypatch.undo()
    Job.objects.update(enqueue_at=timezone.now())
    run_jobs()
    assert Backup.objects.get().rows == 5


@pytest.mark.parametrize("manifest", [b"???", b'{"week": "2025-W01"}'], ids=["no JSON", "half of it"])
def test_an_old_manifest_that_cannot_be_read_stops_no_backup(
    place: Place, manifest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    name = "users-20261101T000000Z.csv.gz"
    for file, data in [(name, b""), (files.manifest_of(name), manifest)]:
        with place.writing(file) as sink:
            sink.write(data)
    ask_for_backup()
    run_jobs()
    assert Backup.objects.get().finished_at is not None
    assert f"backup.manifest_unreadable place={place} file={name}" in caplog.text


def leave_behind(place: Place) -> None:
    """What two attempts have left that were killed: one while it wrote, one before its manifest; and others' files."""
    name = "users-20261101T000000Z.csv.gz"
    if isinstance(place, Bucket):
        s3.client().create_multipart_upload(Bucket=place._bucket, Key=f"backups/{name}")
    for file in ["users-20261101T000001Z.csv.gz", "holiday.csv.gz"] + [f"{name}.part"] * isinstance(place, Folder):
        with place.writing(file) as sink:
            sink.write(b"some bytes")


def unfinished(place: Place) -> list[str]:
    if isinstance(place, Bucket):
        found = s3.client().list_multipart_uploads(Bucket=place._bucket).get("Uploads", ())
        return [upload["Key"] for upload in found]
    return [name for name in place.names() if name.endswith(".part")]


def test_what_killed_attempts_have_left_is_gone_after_the_next_one(place: Place) -> None:
    leave_behind(place)
    assert unfinished(place) != []
    ask_for_backup()
    run_jobs()
    backup = Backup.objects.get()
    assert sorted(place.names()) == sorted([backup.file, files.manifest_of(backup.file), "holiday.csv.gz"])
    assert unfinished(place) == []


def test_a_run_that_was_killed_after_its_manifest_is_finished_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup is there already: there is no second one of the week."""
    UserFactory()
    ask_for_backup()
    made = files.make(place, week=Backup.objects.get().week)
    monkeypatch.setattr(jobs, "make", None)
    run_jobs()
    backup = Backup.objects.get()
    assert (backup.file, backup.rows) == (made.file, 1)
    assert backups(place) == [made.file]


def test_one_that_was_damaged_since_is_made_again(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    ask_for_backup()
    week = Backup.objects.get().week
    old = files.Manifest("users-20261101T000000Z.csv.gz", week, "", 0, 3, "0" * 64)
    for name, data in [(old.file, b"???"), (old.name, files.json.dumps(vars(old)).encode())]:
        with place.writing(name) as sink:
            sink.write(data)
    run_jobs()
    backup = Backup.objects.get()
    assert backup.file > old.file
    assert check(place, backup.file).rows == 0
    assert "backup.damaged" in caplog.text


def test_old_backups_go_and_what_is_not_ours_stays(place: Place, settings: Settings) -> None:
    settings.BACKUPS_KEPT = 3
    for week in range(1, 6):
        name = f"users-2025010{week}T000000Z.csv.gz"
        for file, data in [(name, b""), (files.manifest_of(name), b'{"week": "2025-W01"}')]:
            with place.writing(file) as sink:
                sink.write(data)
        manifest = files.Manifest(name, f"2025-W0{week}", "", 0, 0, "")
        place.delete(manifest.name)
        with place.writing(manifest.name) as sink:
            sink.write(files.json.dumps(vars(manifest)).encode())
    with place.writing("holiday.csv.gz") as sink:
        sink.write(b"")
    ask_for_backup()
    run_jobs()
    newest = Backup.objects.get().file
    assert backups(place) == [newest, "users-20250105T000000Z.csv.gz", "users-20250104T000000Z.csv.gz"]
    assert len(place.names()) == 7


def alarms() -> list[str]:
    return [alarm.detail for alarm in current_alarms() if alarm.kind == "backup_missing"]


def test_a_backup_older_than_eight_days_raises_an_alarm() -> None:
    now = timezone.now()
    Backup.objects.create(week="2026-W40", finished_at=now - timedelta(days=7, hours=23))
    Backup.objects.create(week="2026-W41")
    assert alarms() == []
    Backup.objects.update(finished_at=now - timedelta(days=8, minutes=1))
    assert len(alarms()) == 1
    ask_for_backup()
    run_jobs()
    assert alarms() == []


def test_an_installation_that_has_made_none_in_a_day_raises_an_alarm() -> None:
    rows = MigrationRecorder.Migration.objects.filter(app="accounts", name__endswith="_backups")
    (before,) = rows.values_list("applied", flat=True)
    try:
        rows.update(applied=timezone.now() - timedelta(hours=23))
        assert alarms() == []
        rows.update(applied=timezone.now() - timedelta(hours=25))
        assert alarms() == ["There is no backup of users: see Jobs and Periodic runs in the admin."]
    finally:
        rows.update(applied=before)


def test_the_admin_shows_the_backups(admin_client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ask_for_backup()
    run_jobs()
    page = admin_client.get("/admin/accounts/backup/")
    assert Backup.objects.get().file in page.text
    assert admin_client.get("/admin/accounts/backup/add/").status_code == 403
    assert "backup.made" in caplog.text
    assert "@" not in caplog.text, "an address in the log"
