"""Once a week: a tick asks for the backup of the ISO week that has none, and a job makes it, however often killed."""

import logging
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.backups.files import (
    Manifest,
    Place,
    backup_of,
    backup_place,
    check,
    forget_attempts,
    forget_old,
    make,
)
from accounts.backups.rows import Damaged
from accounts.models import Backup
from core.periodic import periodic
from realtime.jobs import RunningJob, job, revive
from realtime.models import Job
from realtime.outbox import record_job

log = logging.getLogger(__name__)

BACK_UP = "accounts.back_up_users"


def week_of(day: date) -> str:
    """As ISO 8601 writes it: 2026-W48."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


@periodic("accounts.ask_for_backup")
def ask_for_backup() -> None:
    """Asks for this week's backup (weeks begin on Monday, UTC) unless it is there or asked for.

    A job that is dead is tried again at the next tick: what kept it from its work may be over.
    """
    week = week_of(timezone.now().date())
    with transaction.atomic():
        backup, _ = Backup.objects.select_for_update().get_or_create(week=week)
        if backup.finished_at is not None:
            return
        asked = Job.objects.filter(pk=backup.job) if backup.job is not None else Job.objects.none()
        if not revive(asked) and not asked.exists():
            backup.job = record_job(BACK_UP, week=week).pk
            backup.save(update_fields=["job"])


@job(BACK_UP, queue="follows", time_limit=1700)
def back_up_users(run: RunningJob, *, week: str) -> None:
    """Makes the backup of that week. One that was finished by a run that was killed right afterwards is it already."""
    if Backup.objects.filter(week=week, finished_at__isnull=False).exists():
        run.done()
        return
    place = backup_place()
    forget_attempts(place)
    manifest = _finished_before(place, week) or make(place, week=week)
    with transaction.atomic():
        Backup.objects.filter(week=week).update(
            finished_at=timezone.now(),
            place=str(place),
            file=manifest.file,
            rows=manifest.rows,
            size=manifest.size,
            sha256=manifest.sha256,
        )
        run.done()
    forget_old(place, keep=settings.BACKUPS_KEPT)


def _finished_before(place: Place, week: str) -> Manifest | None:
    found = backup_of(place, week)
    if found is None:
        return None
    try:
        return check(place, found.file)
    except Damaged as error:
        log.error("backup.damaged place=%s file=%s error=%s", place, found.file, error)
        return None
