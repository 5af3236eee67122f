"""The scheduler that beat runs: django-celery-beat's, which also leaves alone what somebody edits meanwhile."""

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry


class Entry(ModelEntry):  # type: ignore[misc]
    def save(self) -> None:
        """Notes a tick, and nothing else.

        The original reads the whole row and writes it back, over an edit that is made in between, and it moves
        `date_changed`, from which `core.overdue` counts.
        """
        ticked = {"last_run_at": self.model.last_run_at, "total_run_count": self.model.total_run_count}
        PeriodicTask.objects.filter(pk=self.model.pk, enabled=True).update(**ticked)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]
    Entry = Entry
