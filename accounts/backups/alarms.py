"""The alarm of a backup that is missing."""

from collections.abc import Mapping
from datetime import timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from accounts.models import Backup
from core.alarms import register_alarm

# A week, and a day in which to notice and mend what kept the last one from being made.
LATEST = timedelta(days=8)
# In which an installation makes its first.
FIRST = timedelta(days=1)


def register() -> None:
    register_alarm("backup_missing", _backup_missing, "The last backup of users is older than eight days.")


def _backup_missing() -> Mapping[str, str]:
    """Two queries before the first backup, one afterwards."""
    last = Backup.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    if last is not None and last.finished_at is not None:
        if timezone.now() - last.finished_at <= LATEST:
            return {}
        return {
            "": f"The last backup of users is of {last.finished_at:%Y-%m-%d}: see Jobs and Periodic runs in the admin."
        }
    since = MigrationRecorder.Migration.objects.filter(app="accounts", name__endswith="_backups")
    installed = since.values_list("applied", flat=True).first()
    if installed is None or timezone.now() - installed <= FIRST:
        return {}
    return {"": "There is no backup of users: see Jobs and Periodic runs in the admin."}
