"""Schedules as migrations: when beat starts what, as rows of django-celery-beat that operators edit in the admin.

What stood in CELERY_BEAT_SCHEDULE would be written over their edits at each start of a beat. So a release says what it
adds, changes or drops by one of these operations, in a migration of the app whose task it is:

    dependencies = [..., schedules.TABLES]
    operations = [schedules.add("trim-views", "posts.trim_views", at="40 0 * * *")]

    operations = [schedules.change("trim-views", before="40 0 * * *", after="10 1 * * *")]
    operations = [schedules.remove("trim-views")]

Each runs once in the life of a database: what an operator has edited, switched off or deleted since stays so.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.migrations import RunPython
from django.utils import timezone

TABLES = ("django_celery_beat", "0019_alter_periodictasks_options")
# A tick that no worker has taken by then is dropped: a worker that comes back after a day finds one of each, not 8,640.
SHORTEST_EXPIRY = timedelta(minutes=1)
CRON_EXPIRY = timedelta(hours=12)

# "m h dom mon dow" in UTC, as crontab(5) has it; or the time from one tick to the next.
When = str | timedelta
_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_PERIODS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


def add(name: str, task: str, *, at: str | None = None, every: timedelta | None = None, why: str = "") -> RunPython:
    """A schedule of that name for the periodic task `task`, unless there is one: at the minutes of a crontab, or every
    so often. `why` is its description in the admin."""
    when = _one_of(at, every)

    def forwards(apps: Any, schema_editor: Any) -> None:
        tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
        expiry = max(when, SHORTEST_EXPIRY) if isinstance(when, timedelta) else CRON_EXPIRY
        tasks.get_or_create(
            name=name,
            defaults={
                "task": task,
                "description": why,
                "expire_seconds": int(expiry.total_seconds()),
                **_row(apps, when),
            },
        )
        _tell_beat(apps)

    return RunPython(forwards, _delete(name), elidable=False)


def change(name: str, *, before: When, after: When) -> RunPython:
    """The schedule of that name becomes `after`, if it still is `before`: what an operator has set stays."""
    return RunPython(_replace(name, before, after), _replace(name, after, before))


def remove(name: str) -> RunPython:
    """No schedule of that name any more. Of a task that is gone, for its ticks would be errors in the workers' log."""
    return RunPython(_delete(name), RunPython.noop)


def _one_of(at: str | None, every: timedelta | None) -> When:
    if (at is None) == (every is None):
        raise ValueError("a schedule has either `at` or `every`")
    return at if at is not None else every  # type: ignore[return-value]


def _replace(name: str, before: When, after: When) -> Any:
    def replace(apps: Any, schema_editor: Any) -> None:
        untouched = apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=name, **_lookup(before))
        if untouched.exists():
            untouched.update(**{"interval": None, "crontab": None, **_row(apps, after)})
            _tell_beat(apps)

    return replace


def _delete(name: str) -> Any:
    def delete(apps: Any, schema_editor: Any) -> None:
        if apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=name).delete()[0]:
            _tell_beat(apps)

    return delete


def _values(when: When) -> tuple[str, Mapping[str, Any]]:
    """The model that says WHEN, by its column in PeriodicTask, and its columns."""
    if isinstance(when, timedelta):
        seconds = int(when.total_seconds())
        period, length = next((period, length) for period, length in _PERIODS if seconds % length == 0)
        return "interval", {"every": seconds // length, "period": period}
    fields = when.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{when!r} is not the five fields of a crontab")
    return "crontab", {**dict(zip(_FIELDS, fields, strict=True)), "timezone": "UTC"}


def _lookup(when: When) -> dict[str, Any]:
    column, values = _values(when)
    return {f"{column}__{name}": value for name, value in values.items()}


def _row(apps: Any, when: When) -> dict[str, Any]:
    """The schedule WHEN, which several tasks may share, as PeriodicTask refers to it."""
    column, values = _values(when)
    schedules = apps.get_model("django_celery_beat", f"{column}schedule").objects
    # There may be several of the same, as nothing in their table forbids it.
    return {column: schedules.filter(**values).first() or schedules.create(**values)}


def _tell_beat(apps: Any) -> None:
    """A beat that runs reads the schedules anew. (The signals that do it otherwise know no models of migrations.)"""
    changes = apps.get_model("django_celery_beat", "PeriodicTasks").objects
    changes.update_or_create(ident=1, defaults={"last_update": timezone.now()})
