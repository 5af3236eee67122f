"""A job runs at least once and takes effect once; one that fails comes back, and after five attempts it is dead."""

import logging
from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from realtime.jobs import JobLost, RunningJob, back_off, execute, job, lease_of
from realtime.models import Job
from realtime.outbox import record_job
from tests.jobs import run_jobs
from tests.realtime.sample_jobs import QUEUE, effects
from tests.stack import wait_until

pytestmark = pytest.mark.django_db


def ask(task: str, **kwargs: object) -> Job:
    with transaction.atomic():
        return record_job(task, queue=QUEUE, **kwargs)


def fail_once(job: Job) -> None:
    """The back-off is over, whatever it was, and the job fails again."""
    Job.objects.filter(id=job.id).update(enqueue_at=timezone.now())
    assert execute(job.id)
    job.refresh_from_db()


def test_a_job_runs_with_its_arguments_and_its_row_is_gone() -> None:
    ask("tests.leave_effect", channel="a")
    assert run_jobs() == ["tests.leave_effect"]
    assert effects("a") == 1
    assert not Job.objects.exists()
    assert run_jobs() == []


def test_a_job_that_returns_without_done_is_done() -> None:
    ask("tests.forget_done", channel="a")
    run_jobs()
    assert not Job.objects.exists()


def test_a_change_that_is_rolled_back_leaves_no_job() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record_job("tests.leave_effect", channel="a")
        raise ZeroDivisionError
    assert not Job.objects.exists()


def test_a_job_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="inside atomic"):
        record_job("tests.leave_effect", channel="a")


def test_a_job_for_later_is_not_run_now() -> None:
    with transaction.atomic():
        record_job("tests.leave_effect", queue=QUEUE, at=timezone.now() + timedelta(hours=1), channel="a")
    assert run_jobs() == []
    assert Job.objects.get().state == Job.State.QUEUED


def test_done_belongs_to_the_effects_transaction() -> None:
    """When the effect is rolled back, so is the end of the job: it comes back."""
    row = ask("tests.raise", message="too early", channel="a")
    run_jobs()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (Job.State.QUEUED, 1)
    assert effects("a") == 0


def test_a_job_that_fails_rests_longer_each_time_and_is_dead_after_five(caplog: pytest.LogCaptureFixture) -> None:
    row = ask("tests.raise", message="no luck")
    for attempt in range(1, 5):
        before = timezone.now()
        fail_once(row)
        assert (row.state, row.attempts) == (Job.State.QUEUED, attempt)
        assert before + back_off(attempt) <= row.enqueue_at <= timezone.now() + back_off(attempt)
        assert run_jobs() == []
    assert [back_off(attempt).total_seconds() for attempt in range(1, 5)] == [5, 20, 80, 320]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    fail_once(row)
    assert (row.state, row.attempts) == (Job.State.DEAD, 5)
    assert row.error.startswith("ValueError: no luck (sample_jobs.py:")
    (death,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert f"job.dead task=tests.raise id={row.id} attempts=5" in death.getMessage()
    assert not execute(row.id)


def test_a_job_that_says_it_can_not_be_helped_is_dead_at_once() -> None:
    row = ask("tests.give_up", reason="this is no image")
    run_jobs()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == (Job.State.DEAD, 1, "this is no image")


@pytest.mark.parametrize(
    "secret",
    [
        "redis://:hunter2hunter2@cache:6379/0",
        "could not mail cook@example.com",
        "password=hunter2hunter2 is wrong",
        "bad token eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl",
        "key: 0123456789abcdef0123456789abcdef0123",
    ],
)
def test_no_secret_gets_into_the_error_or_the_log(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    row = ask("tests.raise", message=secret)
    fail_once(row)
    for text in (row.error, caplog.text):
        assert "ValueError" in text
        for word in ("hunter2", "cook@", "eyJ", "0123456789"):
            assert word not in text


def test_a_message_whose_row_is_gone_does_nothing() -> None:
    row = ask("tests.leave_effect", channel="a")
    run_jobs()
    assert not execute(row.id)
    assert effects("a") == 1


def test_a_second_message_of_a_running_job_is_dropped() -> None:
    row = ask("tests.leave_effect", channel="a")
    Job.objects.update(state=Job.State.RUNNING, attempts=1, enqueue_at=timezone.now() + timedelta(minutes=1))
    assert not execute(row.id)
    assert effects("a") == 0


def test_a_redelivered_message_takes_a_running_job_over_at_once() -> None:
    """The broker gives a message to a second worker only when the first has died."""
    row = ask("tests.leave_effect", channel="a")
    Job.objects.update(state=Job.State.RUNNING, attempts=1, enqueue_at=timezone.now() + timedelta(minutes=1))
    assert execute(row.id, redelivered=True)
    assert effects("a") == 1


def test_a_running_job_whose_lease_is_over_may_be_claimed_again() -> None:
    row = ask("tests.leave_effect", channel="a")
    Job.objects.update(state=Job.State.RUNNING, attempts=1, enqueue_at=timezone.now())
    assert execute(row.id)
    assert effects("a") == 1


def test_an_old_message_does_not_cut_the_back_off_short() -> None:
    row = ask("tests.raise", message="no luck")
    fail_once(row)
    assert not execute(row.id)
    assert not execute(row.id, redelivered=True)
    row.refresh_from_db()
    assert row.attempts == 1


def test_a_job_whose_workers_die_without_a_word_is_dead_after_five() -> None:
    row = ask("tests.leave_effect", channel="a")
    Job.objects.update(state=Job.State.RUNNING, attempts=5, enqueue_at=timezone.now())
    assert not execute(row.id)
    row.refresh_from_db()
    assert (row.state, row.error) == (Job.State.DEAD, "The worker died while it ran this.")
    assert effects("a") == 0


def test_a_worker_that_has_lost_its_job_can_not_end_it() -> None:
    row = ask("tests.leave_effect", channel="a")
    Job.objects.update(state=Job.State.RUNNING, attempts=2)
    with pytest.raises(JobLost), transaction.atomic():
        RunningJob(id=row.id, task=row.task, attempt=1).done()
    assert Job.objects.filter(id=row.id).exists()


def test_what_a_worker_does_that_has_lost_its_job_is_rolled_back(caplog: pytest.LogCaptureFixture) -> None:
    row = ask("tests.lose", channel="a")
    assert execute(row.id)
    assert effects("a") == 0
    row.refresh_from_db()
    assert (row.state, row.attempts) == (Job.State.RUNNING, 2)
    assert "job.lost" in caplog.text


@job("tests.lose")
def lose(run: RunningJob, *, channel: str) -> None:
    from tests.realtime.sample_jobs import leave_effect

    Job.objects.filter(id=run.id).update(attempts=run.attempt + 1)
    leave_effect(run, channel=channel)


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_while_the_job_runs_even_when_the_database_was_away(settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 0.3
    ask("tests.outlast", renewals=2)
    assert run_jobs() == ["tests.outlast"]
    assert not Job.objects.exists()


@job("tests.outlast")
def outlast(run: RunningJob, *, renewals: int) -> None:
    """Returns when its lease was renewed so often; after each time, whoever renews it loses the connection."""

    def lease() -> datetime:
        return Job.objects.get(id=run.id).enqueue_at

    for _ in range(renewals):
        before = lease()
        wait_until(lambda: lease() > before, what="another renewal")  # noqa: B023
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.mark.django_db(transaction=True)
def test_a_lease_of_a_job_that_is_somebody_elses_is_not_renewed(settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 0.03
    row = ask("tests.leave_effect", channel="a")
    Job.objects.update(state=Job.State.RUNNING, attempts=2)
    lease = lease_of(RunningJob(id=row.id, task=row.task, attempt=1))
    with lease:
        wait_until(lambda: not lease.is_kept, what="the end of the renewals")
    assert Job.objects.get().enqueue_at == row.enqueue_at


def test_two_jobs_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        job("tests.leave_effect")(lambda run: None)


def test_the_admin_tries_dead_jobs_again_and_leaves_the_others(client: Client) -> None:
    dead, running = ask("tests.give_up", reason="no"), ask("tests.leave_effect", channel="a")
    run_jobs()
    with transaction.atomic():
        running = record_job("tests.leave_effect", queue=QUEUE, channel="b")
    Job.objects.filter(id=running.id).update(state=Job.State.RUNNING, attempts=3)
    client.force_login(get_user_model().objects.create_superuser("root", "root@example.com", "secret"))
    page = client.get("/admin/realtime/job/")
    assert str(dead.id) in page.content.decode()
    chosen = {"action": "try_again", "_selected_action": [dead.id, running.id]}
    answer = client.post("/admin/realtime/job/", chosen, follow=True)
    assert "1 jobs will be tried again" in answer.content.decode()
    dead.refresh_from_db()
    running.refresh_from_db()
    assert (dead.state, dead.attempts, dead.error) == (Job.State.QUEUED, 0, "")
    assert (running.state, running.attempts) == (Job.State.RUNNING, 3)
    assert dead.enqueue_at <= timezone.now()
