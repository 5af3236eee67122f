"""Jobs on a real Celery worker, through a real relay and broker: at least once, whatever is killed or wiped."""

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from core.processes import stop
from realtime.models import Job
from realtime.outbox import record_job
from tests import celery_processes
from tests.celery_processes import Process
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.realtime.sample_jobs import QUEUE, effects, leave
from tests.stack import wait_until

__all__ = ["own_redis"]
pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 90


def ask(task: str = "tests.wait", **kwargs: object) -> Job:
    with transaction.atomic():
        return record_job(task, queue=QUEUE, **kwargs)


def nothing_is_left() -> bool:
    return not Job.objects.exists()


def worker(folder: Path, redis_url: str, name: str = "worker") -> AbstractContextManager[Process]:
    return celery_processes.worker(folder, redis_url, name, queues=QUEUE, include="tests.realtime.sample_jobs")


@pytest.fixture
def relay(tmp_path: Path, own_redis: OwnRedis) -> Iterator[RelayProcess]:
    own_redis.start()
    with RelayProcess(tmp_path, REDIS_URL=own_redis.url, JOB_OVERDUE_SECONDS="2") as process:
        yield process


@pytest.mark.usefixtures("relay")
def test_a_wiped_broker_loses_no_job(tmp_path: Path, own_redis: OwnRedis) -> None:
    rows = [ask("tests.leave_effect", channel=f"recipe:{n}") for n in range(5)]
    wait_until(lambda: own_redis.client.llen(QUEUE) >= len(rows), what="the messages")
    own_redis.client.flushall()
    with worker(tmp_path, own_redis.url):
        wait_until(nothing_is_left, seconds=SECONDS, what="the end of all jobs")
    assert [effects(f"recipe:{n}") for n in range(5)] == [1] * 5


@pytest.mark.usefixtures("relay")
def test_a_job_whose_worker_is_killed_is_run_by_another_and_takes_effect_once(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    """Once its lease is over, long before the broker would give its message to another."""
    row = ask(channel="a")
    with worker(tmp_path, own_redis.url, "first") as first:
        wait_until(lambda: effects("a:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        stop(first, grace=0, signum=signal.SIGKILL)
    with worker(tmp_path, own_redis.url, "second"):
        wait_until(lambda: effects("a:begun") == 2, seconds=SECONDS, what="the second beginning of the job")
        row.refresh_from_db()
        assert (row.state, row.attempts) == (Job.State.RUNNING, 2)
        leave("a:gate")
        wait_until(nothing_is_left, seconds=SECONDS, what="the end of the job")
    assert effects("a") == 1


@pytest.mark.usefixtures("relay")
def test_a_job_that_outlasts_its_lease_is_nobody_elses_while_its_worker_lives(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    row = ask(channel="a")

    def lease() -> datetime:
        row.refresh_from_db()
        return row.enqueue_at

    with worker(tmp_path, own_redis.url, "first"), worker(tmp_path, own_redis.url, "second"):
        wait_until(lambda: effects("a:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        first_lease = lease()
        wait_until(lambda: timezone.now() > first_lease + timedelta(seconds=3), what="the end of the first lease")
        assert lease() > first_lease
        leave("a:gate")
        wait_until(nothing_is_left, seconds=SECONDS, what="the end of the job")
    assert effects("a:begun") == 1
    assert effects("a") == 1


@pytest.mark.usefixtures("relay")
def test_a_job_whose_process_in_the_pool_is_killed_is_run_again_at_once(tmp_path: Path, own_redis: OwnRedis) -> None:
    """The broker gives the message back, marked as redelivered: nobody waits for the lease."""
    ask(channel="a")
    with worker(tmp_path, own_redis.url) as process:
        wait_until(lambda: effects("a:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        Job.objects.update(enqueue_at=timezone.now() + timedelta(hours=1))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        wait_until(lambda: effects("a:begun") == 2, seconds=SECONDS, what="the second beginning of the job")
        leave("a:gate")
        wait_until(nothing_is_left, seconds=SECONDS, what="the end of the job")
    assert effects("a") == 1


@pytest.mark.usefixtures("relay")
def test_a_job_past_its_time_limit_fails_and_comes_back(tmp_path: Path, own_redis: OwnRedis) -> None:
    row = ask("tests.overrun")

    def failed() -> bool:
        row.refresh_from_db()
        return bool(row.error)

    with worker(tmp_path, own_redis.url):
        wait_until(failed, seconds=SECONDS, what="the end of the job's time")
    assert row.error.startswith("SoftTimeLimitExceeded")
    assert row.state == Job.State.QUEUED
    assert row.attempts == 1
