"""Schedules are made by migrations, once, and what an operator has done with them stays."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db.migrations import RunPython
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from core import schedules
from core.beat import Entry
from core.celery import app

pytestmark = pytest.mark.django_db

HOURLY = timedelta(hours=1)


@pytest.fixture(autouse=True)
def no_schedules() -> None:
    PeriodicTask.objects.all().delete()
    CrontabSchedule.objects.all().delete()
    IntervalSchedule.objects.all().delete()


def migrate(*operations: RunPython, back: bool = False) -> None:
    for operation in operations:
        (operation.reverse_code if back else operation.code)(apps, None)  # type: ignore[arg-type, misc]


def stored(name: str = "stir") -> str:
    return str(PeriodicTask.objects.get(name=name).scheduler)


def beat_was_told() -> bool:
    """Since the last call."""
    told = PeriodicTasks.objects.exists()
    PeriodicTasks.objects.all().delete()
    return told


@pytest.mark.parametrize(
    ("when", "shown", "expiry"),
    [
        ({"every": timedelta(seconds=10)}, "every 10 seconds", 60),
        ({"every": timedelta(seconds=90)}, "every 90 seconds", 90),
        ({"every": timedelta(minutes=15)}, "every 15 minutes", 900),
        ({"every": HOURLY}, "every hour", 3600),
        ({"every": timedelta(days=2)}, "every 2 days", 172_800),
        ({"at": "10 4 * * 1-5"}, "10 4 * * 1-5 (m/h/dM/MY/d) UTC", 43_200),
    ],
)
def test_a_schedule_is_added(when: dict[str, timedelta | str], shown: str, expiry: int) -> None:
    migrate(schedules.add("stir", "tests.stir", why="So that nothing burns.", **when))  # type: ignore[arg-type]
    row = PeriodicTask.objects.get()
    assert (row.task, row.description, row.enabled, row.queue) == ("tests.stir", "So that nothing burns.", True, None)
    assert (stored(), row.expire_seconds) == (shown, expiry)
    assert beat_was_told()


@pytest.mark.parametrize("when", [{}, {"at": "10 4 * * *", "every": HOURLY}, {"at": "10 4"}])
def test_a_schedule_that_says_too_little_or_too_much_is_refused(when: dict[str, str | timedelta]) -> None:
    with pytest.raises(ValueError, match=r"either|five fields"):
        migrate(schedules.add("stir", "tests.stir", **when))  # type: ignore[arg-type]


def test_what_an_operator_has_set_stays_when_a_schedule_is_added_again() -> None:
    addition = schedules.add("stir", "tests.stir", every=HOURLY)
    migrate(addition)
    row = PeriodicTask.objects.get()
    row.interval, row.enabled = IntervalSchedule.objects.create(every=5, period="days"), False
    row.save()
    migrate(addition)
    assert PeriodicTask.objects.get() == row
    assert (stored(), PeriodicTask.objects.get().enabled) == ("every 5 days", False)


def test_a_later_release_changes_a_schedule_that_nobody_has_touched() -> None:
    change = schedules.change("stir", before=HOURLY, after="10 4 * * *")
    migrate(schedules.add("stir", "tests.stir", every=HOURLY), change)
    assert stored().startswith("10 4 * * *")
    assert beat_was_told()
    migrate(change, back=True)
    assert stored() == "every hour"


def test_a_later_release_leaves_an_edited_schedule() -> None:
    migrate(schedules.add("stir", "tests.stir", every=HOURLY))
    PeriodicTask.objects.update(interval=IntervalSchedule.objects.create(every=5, period="days"))
    beat_was_told()
    migrate(schedules.change("stir", before=HOURLY, after="10 4 * * *"))
    assert stored() == "every 5 days"
    assert not beat_was_told()


def test_a_later_release_removes_a_schedule() -> None:
    migrate(schedules.add("stir", "tests.stir", every=HOURLY), schedules.remove("stir"))
    assert not PeriodicTask.objects.exists()
    assert beat_was_told()
    migrate(schedules.remove("stir"))
    assert not beat_was_told()


def test_schedules_of_the_same_times_share_them() -> None:
    IntervalSchedule.objects.create(every=1, period="hours")
    IntervalSchedule.objects.create(every=1, period="hours")  # as an operator may
    migrate(schedules.add("stir", "tests.stir", every=HOURLY), schedules.add("salt", "tests.salt", every=HOURLY))
    assert IntervalSchedule.objects.count() == 2


def test_rows_of_a_beat_before_there_were_migrations_stay_as_they_are() -> None:
    """It made them of the settings, under the same names; one was edited since."""
    edited = CrontabSchedule.objects.create(minute="0", hour="5")
    PeriodicTask.objects.create(name="reconcile-ratings", task="recipes.reconcile_ratings", crontab=edited)
    cleanup = CrontabSchedule.objects.create(minute="0", hour="4")
    PeriodicTask.objects.create(name="celery.backend_cleanup", task="celery.backend_cleanup", crontab=cleanup)
    first = import_module("core.migrations.0004_schedules").Migration
    migrate(*first.operations)
    migrate(*first.operations)
    assert stored("reconcile-ratings").startswith("0 5 * * *")
    assert stored("publish-due-posts") == "every 10 seconds"
    assert not PeriodicTask.objects.filter(task__startswith="celery.").exists()


def test_a_nightly_task_runs_late_by_an_hour_at_most() -> None:
    """A beat that was away waits for the next night: nothing is mailed on Saturday that Friday was too late for."""
    now = timezone.now()
    for name, minutes in [("an-hour-and-a-half", 90), ("half-an-hour", 30)]:
        due = now - timedelta(minutes=minutes)
        migrate(schedules.add(name, "tests.stir", at=f"{due.minute} {due.hour} * * *"))
    PeriodicTask.objects.update(last_run_at=now - timedelta(days=3))
    due = {row.name: row.schedule.is_due(row.last_run_at).is_due for row in PeriodicTask.objects.all()}
    assert due == {"an-hour-and-a-half": False, "half-an-hour": True}


def test_a_tick_is_noted_beside_what_somebody_edits() -> None:
    """Neither is `date_changed` moved, which is when an operator did, nor is a task ticked that they switched off."""
    migrate(schedules.add("stir", "tests.stir", every=HOURLY))
    long_ago = timezone.now() - timedelta(days=3)
    PeriodicTask.objects.update(date_changed=long_ago)
    ticked = next(Entry(PeriodicTask.objects.get(), app=app))
    PeriodicTask.objects.update(interval=IntervalSchedule.objects.create(every=5, period="days"))
    ticked.save()
    row = PeriodicTask.objects.get()
    assert (stored(), row.total_run_count, row.date_changed) == ("every 5 days", 1, long_ago)
    assert row.last_run_at is not None
    PeriodicTask.objects.update(enabled=False, last_run_at=None)
    ticked.save()
    assert PeriodicTask.objects.get().last_run_at is None
