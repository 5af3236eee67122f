"""Alarms of beat and of the periodic tasks: what was not ticked, what did not run, what failed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from core.alarms import register_alarm
from core.models import PeriodicRun

# A beat that is started anew needs some seconds.
SILENCE = timedelta(minutes=1)
# How long after its time a task may begin: the queue may be long.
PATIENCE = timedelta(minutes=10)

_TICKED = "has not begun: does a worker serve its queue?"
# Beat is back, and leaves what it has missed by more than `beat_cron_starting_deadline` for the next time.
_NOT_TICKED = 'beat was away at that time: use "Run now" under Periodic runs, or it waits for its next time.'


def register() -> None:
    register_alarm("beat_silent", _beat_silent, "No beat ticks.")
    register_alarm("periodic_tasks", _periodic_tasks, "Periodic tasks that failed, died or did not run in time.")


def _beat_silent() -> Mapping[str, str]:
    """Judged by the schedules at intervals: when there is none, nobody can tell."""
    ticked = PeriodicTask.objects.filter(enabled=True, interval__isnull=False).select_related("interval")
    rows = [(row.last_run_at or row.date_changed, row.interval) for row in ticked]
    if not rows:
        return {}
    last = max(at for at, _ in rows)
    shortest = min(timedelta(**{interval.period: interval.every}) for _, interval in rows)
    if timezone.now() - last <= shortest + SILENCE:
        return {}
    return {"": f"The last tick was at {last:%Y-%m-%d %H:%M:%S} UTC: start `celery -A core beat`."}


def _periodic_tasks() -> Mapping[str, str]:
    """Three queries. While beat is silent nothing is overdue by itself."""
    runs = {run.task: run for run in PeriodicRun.objects.all()}
    failed = {task: _failure(run) for task, run in runs.items() if run.failures}
    return failed if _beat_silent() else {**_overdue(runs), **failed}


def _failure(run: PeriodicRun) -> str:
    last = run.succeeded_at
    return (
        f"It has failed {run.failures} times in a row: {run.error} "
        f"It last went well {f'at {last:%Y-%m-%d %H:%M} UTC' if last else 'never'}."
    )


def _overdue(runs: Mapping[str, PeriodicRun]) -> dict[str, str]:
    now = timezone.now()
    rows = PeriodicTask.objects.filter(enabled=True, one_off=False).exclude(start_time__gt=now)
    overdue = {}
    for row in rows.select_related("interval", "crontab", "solar", "clocked"):
        run = runs.get(row.task)
        began = run.started_at if run is not None else None
        due = _due_after(row, began)
        if due is not None and now > due + PATIENCE:
            was_ticked = row.last_run_at is not None and row.last_run_at >= due
            overdue[row.task] = (
                f"It was due at {due:%Y-%m-%d %H:%M} UTC and {_TICKED if was_ticked else _NOT_TICKED} "
                f"It last began {f'at {began:%Y-%m-%d %H:%M} UTC' if began else 'never'}."
            )
    return overdue


def _due_after(row: PeriodicTask, began: datetime | None) -> datetime | None:
    """When the task should have begun: counted from its last run, or from a later edit of its schedule."""
    since = max(began, row.date_changed) if began is not None else row.date_changed
    try:
        schedule = row.schedule
        remaining: timedelta = schedule.remaining_estimate(since.astimezone(getattr(schedule, "tz", None)))
    except Exception:  # an operator's schedule that no calendar has; beat's log says so each time
        return None
    return timezone.now() + remaining
