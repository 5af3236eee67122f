"""Jobs with the same concurrency key run one at a time; the others wait without a worker and without an attempt."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from realtime.enqueueing import due_jobs
from realtime.jobs import PUT_ASIDE, execute
from realtime.models import Job
from realtime.outbox import record_job
from tests.realtime.sample_jobs import QUEUE, effects

pytestmark = pytest.mark.django_db


def ask(task: str = "tests.leave_effect", *, key: str = "films of 1", **kwargs: object) -> Job:
    with transaction.atomic():
        return record_job(task, queue=QUEUE, concurrency_key=key, **{"channel": "a", **kwargs})


def begin(job: Job) -> None:
    """As a worker that holds it."""
    held = {"state": Job.State.RUNNING, "attempts": 1, "enqueue_at": timezone.now() + timedelta(seconds=60)}
    Job.objects.filter(pk=job.pk).update(**held)


def test_a_second_one_is_put_aside_while_the_first_runs() -> None:
    first, second, other = ask(), ask(), ask(key="films of 2", channel="b")
    begin(first)
    assert not execute(second.pk)
    second.refresh_from_db()
    assert (second.state, second.attempts, second.sent) == (Job.State.QUEUED, 0, 0)
    assert timezone.now() < second.enqueue_at <= timezone.now() + PUT_ASIDE
    assert execute(other.pk), "another key waits for nothing"
    assert (effects("a"), effects("b")) == (0, 1)
    assert not execute(second.pk), "an old message finds it not due"


@pytest.mark.parametrize("task", ["tests.leave_effect", "tests.raise"])
def test_however_one_ends_the_oldest_of_those_put_aside_is_due_at_once(task: str) -> None:
    running = ask(task, **({"message": "no luck"} if task == "tests.raise" else {}))
    oldest, youngest, other = ask(), ask(), ask(key="films of 2")
    aside = Job.objects.filter(pk__in=[oldest.pk, youngest.pk, other.pk])
    aside.update(enqueue_at=timezone.now() + PUT_ASIDE)
    assert execute(running.pk)
    assert [job.pk for job in due_jobs()] == [oldest.pk]


def test_one_that_rests_after_a_failure_is_not_called_before_its_time() -> None:
    running, failed = ask(), ask()
    Job.objects.filter(pk=failed.pk).update(attempts=1, enqueue_at=timezone.now() + timedelta(seconds=80))
    assert execute(running.pk)
    assert not due_jobs().exists()


def test_one_whose_worker_died_is_waited_for_no_longer_than_its_lease() -> None:
    dead, waiting = ask(), ask()
    begin(dead)
    Job.objects.filter(pk=dead.pk).update(enqueue_at=timezone.now() - timedelta(seconds=1))
    assert not execute(waiting.pk)
    Job.objects.filter(pk=dead.pk).update(state=Job.State.QUEUED)  # as the relay does with it then
    Job.objects.filter(pk=waiting.pk).update(enqueue_at=timezone.now())
    assert execute(waiting.pk)
    assert execute(dead.pk)


def test_the_database_lets_no_two_run_at_once() -> None:
    first, second = ask(), ask()
    begin(first)
    with pytest.raises(IntegrityError), transaction.atomic():
        begin(second)


def test_jobs_without_a_key_run_side_by_side() -> None:
    first, second = ask(key=""), ask(key="")
    begin(first)
    begin(second)


def test_one_with_a_key_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="takes no `at`"), transaction.atomic():
        record_job("tests.leave_effect", at=timezone.now(), concurrency_key="films of 1", channel="a")
