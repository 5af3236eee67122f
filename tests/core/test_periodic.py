"""Periodic tasks: one run at a time, and what went wrong is seen until a later run goes well."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core.alarms import current_alarms
from core.celery import app
from core.models import PeriodicRun
from core.periodic import PERIODIC_TASKS, PeriodicTask, periodic, run
from tests.concurrently import at_once
from tests.stack import wait_until

NAME = "tests.stir"


@pytest.fixture
def define() -> Iterator[Callable[..., None]]:
    """Makes a function the periodic task `tests.stir` for the test."""

    def register(function: Callable[[], object], **options: object) -> None:
        periodic(NAME, **options)(function)  # type: ignore[arg-type]

    # Or Celery keeps all registrations for later, and finds several of the same name then.
    app.finalize()
    yield register
    PERIODIC_TASKS.pop(NAME, None)
    app.tasks.pop(NAME, None)


def row() -> PeriodicRun:
    return PeriodicRun.objects.get(task=NAME)


def fail() -> None:
    raise ValueError("no spoon for ann@example.com")


@pytest.mark.django_db
def test_a_run_is_noted(define: Callable[..., None]) -> None:
    runs = []
    define(lambda: runs.append(1))
    assert run(NAME)
    assert run(NAME)
    assert runs == [1, 1]
    assert row().finished_at == row().succeeded_at
    assert (row().failures, row().error, row().leased_until) == (0, "", None)


@pytest.mark.django_db
def test_a_run_that_fails_is_an_alarm_until_one_goes_well(
    define: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    results: list[Callable[[], object]] = [fail, fail, timezone.now]
    define(lambda: results.pop(0)())
    assert run(NAME)
    assert run(NAME)
    assert row().failures == 2
    assert row().error.startswith("ValueError: no spoon for …@… (test_periodic.py:")
    (alarm,) = (alarm for alarm in current_alarms() if alarm.subject == NAME)
    assert alarm.kind == "periodic_tasks"
    assert "failed 2 times in a row: ValueError: no spoon" in alarm.detail
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert errors[0].startswith("periodic.failed task=tests.stir error='ValueError: no spoon")
    assert run(NAME)
    assert (row().failures, row().error) == (0, "")
    assert [alarm for alarm in current_alarms() if alarm.subject == NAME] == []


@pytest.mark.django_db(transaction=True)
def test_of_ticks_at_once_one_runs(define: Callable[..., None]) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def stir() -> None:
        begun.release()
        assert go_on.wait(30)

    define(stir)

    def others() -> bool:
        assert begun.acquire(timeout=30)
        ran = run(NAME)
        go_on.set()
        return ran

    assert sorted(at_once([lambda: run(NAME), others])) == [False, True]
    assert row().attempt == 1


@pytest.mark.django_db(transaction=True)
def test_a_long_run_keeps_the_task_for_itself(define: Callable[..., None], settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 0.3

    def stir() -> None:
        first = row().leased_until
        assert first is not None
        wait_until(lambda: timezone.now() > first + timedelta(seconds=0.3), what="the end of the first lease")
        assert not run(NAME)

    define(stir)
    assert run(NAME)
    assert row().error == ""


@pytest.mark.django_db
def test_a_run_whose_worker_was_killed_is_seen_and_the_next_one_goes_on(define: Callable[..., None]) -> None:
    seen = []
    define(lambda: seen.append((row().failures, row().error)))
    PeriodicRun.objects.create(task=NAME, attempt=7, started_at=timezone.now(), leased_until=timezone.now())
    assert run(NAME)
    assert seen == [(1, "Its worker died while it ran.")]
    assert (row().attempt, row().failures, row().error) == (8, 0, "")


@pytest.mark.django_db
def test_a_task_that_need_not_be_alone_waits_for_no_lease(define: Callable[..., None]) -> None:
    define(lambda: None, alone=False)
    held = timezone.now() + timedelta(hours=1)
    PeriodicRun.objects.create(task=NAME, attempt=7, started_at=timezone.now(), leased_until=held)
    assert run(NAME)
    assert row().attempt == 8


@pytest.mark.django_db
def test_a_run_that_has_lost_the_task_leaves_the_other_ones_row_alone(define: Callable[..., None]) -> None:
    later = timezone.now() + timedelta(hours=1)

    def lose() -> None:
        PeriodicRun.objects.filter(task=NAME).update(attempt=9, leased_until=later)
        raise ValueError

    define(lose)
    assert run(NAME)
    assert (row().attempt, row().leased_until, row().failures) == (9, later, 0)


@pytest.mark.django_db
def test_a_run_that_fails_while_another_is_at_work_is_seen(define: Callable[..., None]) -> None:
    results: list[Callable[[], object]] = [lambda: run(NAME) and fail(), timezone.now, timezone.now]
    define(lambda: results.pop(0)(), alone=False)
    assert run(NAME)
    assert results != []
    assert (row().attempt, row().failures) == (2, 1)
    assert row().error.startswith("ValueError: no spoon")
    assert run(NAME)
    assert (row().failures, row().error) == (0, "")


def test_two_tasks_of_one_name_and_queues_that_nobody_serves_are_refused(define: Callable[..., None]) -> None:
    with pytest.raises(ValueError, match="none of the queues"):
        define(fail, queue="kitchen")
    PERIODIC_TASKS[NAME] = PeriodicTask(NAME, fail, 1, True)
    with pytest.raises(ValueError, match="registered twice"):
        define(fail)


@pytest.mark.django_db
def test_the_admin_shows_what_failed(define: Callable[..., None], admin_client: Client) -> None:
    define(fail)
    run(NAME)
    page = admin_client.get("/admin/core/periodicrun/")
    assert "no spoon" in page.text
    assert admin_client.get("/admin/core/periodicrun/add/").status_code == 403
