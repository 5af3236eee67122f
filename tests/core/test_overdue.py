"""What should have run and did not is seen: beat that is silent, tasks that no worker begins."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from core.alarms import current_alarms
from core.models import PeriodicRun

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_other_schedules() -> Iterator[None]:
    PeriodicTask.objects.all().delete()
    yield


def alarms() -> dict[tuple[str, str], str]:
    ours = ("beat_silent", "periodic_tasks")
    return {(alarm.kind, alarm.subject): alarm.detail for alarm in current_alarms() if alarm.kind in ours}


def schedule(task: str, *, ticked: timedelta, began: timedelta | None = None, **when: object) -> None:
    """Known for a week; last ticked and begun so long ago."""
    now = timezone.now()
    PeriodicTask.objects.create(name=task, task=task, **when)
    PeriodicTask.objects.filter(name=task).update(last_run_at=now - ticked, date_changed=now - timedelta(days=7))
    if began is not None:
        PeriodicRun.objects.create(task=task, started_at=now - began, finished_at=now - began)


def every(**length: int) -> dict[str, IntervalSchedule]:
    ((period, count),) = length.items()
    return {"interval": IntervalSchedule.objects.create(every=count, period=period)}


def daily(ago: timedelta) -> dict[str, CrontabSchedule]:
    """Each day at the time of day that it was so long ago, somewhere east."""
    at = (timezone.now() - ago).astimezone(timezone.get_fixed_timezone(timedelta(hours=9)))
    return {"crontab": CrontabSchedule.objects.create(minute=at.minute, hour=at.hour, timezone="Asia/Tokyo")}


MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_nothing_is_wrong_while_all_is_in_time() -> None:
    schedule("tests.often", ticked=timedelta(seconds=9), began=timedelta(seconds=9), **every(seconds=10))
    schedule("tests.hourly", ticked=55 * MINUTE, began=55 * MINUTE, **every(hours=1))
    schedule("tests.nightly", ticked=5 * MINUTE, began=5 * MINUTE, **daily(5 * MINUTE))
    schedule("tests.tonight", ticked=DAY - 5 * MINUTE, began=DAY - 5 * MINUTE, **daily(DAY - 5 * MINUTE))
    assert alarms() == {}


def test_beat_is_silent_when_its_shortest_interval_is_over_by_a_minute() -> None:
    schedule("tests.often", ticked=timedelta(seconds=71), began=timedelta(seconds=71), **every(seconds=10))
    schedule("tests.hourly", ticked=90 * MINUTE, began=90 * MINUTE, **every(hours=1))
    assert list(alarms()) == [("beat_silent", "")]


def test_a_beat_that_never_was_is_silent() -> None:
    schedule("tests.often", ticked=MINUTE, **every(seconds=10))
    PeriodicTask.objects.update(last_run_at=None)
    assert list(alarms()) == [("beat_silent", "")]


def test_what_is_switched_off_is_not_missed() -> None:
    schedule("tests.often", ticked=DAY, began=DAY, **every(seconds=10))
    PeriodicTask.objects.update(enabled=False)
    assert alarms() == {}


@pytest.mark.parametrize("began", [None, 2 * DAY])
def test_a_task_that_was_ticked_and_not_begun_is_overdue(began: timedelta | None) -> None:
    schedule("tests.often", ticked=timedelta(seconds=1), began=timedelta(seconds=1), **every(seconds=10))
    schedule("tests.nightly", ticked=11 * MINUTE, began=began, **daily(11 * MINUTE))
    ((name, detail),) = alarms().items()
    assert name == ("periodic_tasks", "tests.nightly")
    assert "has not begun: does a worker serve its queue?" in detail
    assert ("It last began never." in detail) == (began is None)


def test_a_task_that_beat_has_missed_and_leaves_for_its_next_time_is_to_be_run_now() -> None:
    schedule("tests.often", ticked=timedelta(seconds=1), began=timedelta(seconds=1), **every(seconds=10))
    schedule("tests.nightly", ticked=DAY + 120 * MINUTE, began=DAY + 120 * MINUTE, **daily(120 * MINUTE))
    ((name, detail),) = alarms().items()
    assert name == ("periodic_tasks", "tests.nightly")
    assert 'beat was away at that time: use "Run now"' in detail
    assert "worker" not in detail


def test_a_schedule_that_was_edited_counts_from_then_on() -> None:
    schedule("tests.nightly", ticked=2 * DAY, began=2 * DAY, **daily(11 * MINUTE))
    assert list(alarms()) == [("periodic_tasks", "tests.nightly")]
    PeriodicTask.objects.get().save()
    assert alarms() == {}
