"""How workers behave (core/celery.py), seen on real ones."""

import re
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.db import transaction

from realtime.models import Job
from realtime.outbox import record_job
from tests import celery_processes
from tests.celery_processes import Process
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.realtime.sample_jobs import QUEUE, effects, leave
from tests.services import ROOT
from tests.stack import wait_until

__all__ = ["own_redis"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("relay")]
SECONDS = 90


@pytest.fixture
def relay(tmp_path: Path, own_redis: OwnRedis) -> Iterator[RelayProcess]:
    """It sends no second message of a job that nobody has taken: here the broker alone says who gets what."""
    own_redis.start()
    with RelayProcess(tmp_path, REDIS_URL=own_redis.url, JOB_OVERDUE_SECONDS="3600") as process:
        yield process


def worker(folder: Path, redis: OwnRedis, name: str, **env: str) -> AbstractContextManager[Process]:
    include = "tests.realtime.sample_jobs"
    return celery_processes.worker(folder, redis.url, name, queues=QUEUE, include=include, **env)


def ask(task: str, **kwargs: object) -> Job:
    with transaction.atomic():
        return record_job(task, queue=QUEUE, **kwargs)


def test_a_worker_that_is_asked_to_end_gives_back_what_takes_long(tmp_path: Path, own_redis: OwnRedis) -> None:
    """As the image and the Procfile have it: SIGTERM alone would wait for the job for ever."""
    row = ask("tests.wait", channel="a")
    with worker(tmp_path, own_redis, "first", REMAP_SIGTERM="SIGQUIT", JOB_LEASE_SECONDS="600") as first:
        wait_until(lambda: effects("a:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        first.send_signal(signal.SIGTERM)
        assert first.wait(SECONDS) == 0
    with worker(tmp_path, own_redis, "second", JOB_LEASE_SECONDS="600"):
        wait_until(lambda: effects("a:begun") == 2, seconds=SECONDS, what="the second beginning, before the lease ends")
        leave("a:gate")
        wait_until(lambda: not Job.objects.filter(pk=row.pk).exists(), seconds=SECONDS, what="the end of the job")
    assert effects("a") == 1


def test_a_worker_that_is_asked_to_end_finishes_what_is_short(tmp_path: Path, own_redis: OwnRedis) -> None:
    row = ask("tests.wait", channel="a")
    with worker(tmp_path, own_redis, "first", REMAP_SIGTERM="SIGQUIT") as first:
        wait_until(lambda: effects("a:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        first.send_signal(signal.SIGTERM)
        leave("a:gate")
        assert first.wait(SECONDS) == 0
    assert (effects("a:begun"), effects("a"), Job.objects.filter(pk=row.pk).exists()) == (1, 1, False)


def test_a_busy_worker_keeps_no_message_that_another_could_begin_with(tmp_path: Path, own_redis: OwnRedis) -> None:
    ask("tests.wait", channel="a")
    with worker(tmp_path, own_redis, "busy"):
        wait_until(lambda: effects("a:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        for number in range(5):
            ask("tests.leave_effect", channel=f"b:{number}")
        with worker(tmp_path, own_redis, "idle"):
            wait_until(lambda: Job.objects.count() == 1, seconds=SECONDS, what="the end of all the others")
        busy = Job.objects.get()
        assert (busy.task, busy.state, busy.attempts, busy.error) == ("tests.wait", Job.State.RUNNING, 1, "")
        leave("a:gate")
        wait_until(lambda: not Job.objects.exists(), seconds=SECONDS, what="the end of the job")


def test_every_way_to_deploy_has_its_workers_give_back_what_takes_long() -> None:
    assert "REMAP_SIGTERM=SIGQUIT" in (ROOT / "Dockerfile").read_text()
    workers = re.findall(r"^worker-\w+: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    assert len(workers) == 5
    assert all(command.startswith("REMAP_SIGTERM=SIGQUIT exec ") for command in workers)
