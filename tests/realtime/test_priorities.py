"""Jobs of the last priority wait until no other does: on a real broker, by a real worker."""

from pathlib import Path

import pytest
from django.db import transaction

from core.celery import app
from realtime.enqueueing import Broker, enqueue_due
from realtime.models import Job, StreamEvent
from realtime.outbox import record_job
from tests import celery_processes
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.realtime.sample_jobs import QUEUE, effects, leave
from tests.stack import wait_until

__all__ = ["own_redis"]
pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 90
# What kombu adds to the name of a queue for the list of its messages of that priority.
LAST = "\x06\x169"


def ask(task: str, *, queue: str | None = QUEUE, **kwargs: object) -> Job:
    with transaction.atomic():
        return record_job(task, queue=queue, **kwargs)


def test_what_may_wait_is_taken_after_all_else_whenever_that_came(
    tmp_path: Path, own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digests of a whole zone do not hold up the mail by which somebody chooses a new password, nor the canary."""
    own_redis.start()
    app.conf.get("broker_url")  # what is set before Celery has read its settings is lost
    monkeypatch.setitem(app.conf.changes, "broker_url", own_redis.url)
    broker = Broker()
    include = "tests.realtime.sample_jobs"
    ask("tests.wait", channel="gate")
    enqueue_due(broker)
    with celery_processes.worker(tmp_path, own_redis.url, queues=f"{QUEUE},follows", include=include):
        wait_until(lambda: effects("gate:begun") == 1, seconds=SECONDS, what="the beginning of the job")
        for _ in range(4):
            ask("tests.leave_effect_last", channel="last")
        enqueue_due(broker)
        for queue in (QUEUE, QUEUE, "follows"):
            ask("tests.leave_effect", channel="first", queue=queue)
        enqueue_due(broker)
        leave("gate:gate")
        wait_until(lambda: not Job.objects.exists(), seconds=SECONDS, what="the end of all jobs")
    broker.close()
    order = StreamEvent.objects.filter(channel__in=("first", "last")).order_by("pk")
    assert list(order.values_list("channel", flat=True)) == ["first"] * 3 + ["last"] * 4


def test_the_relay_knows_the_priority_of_tasks_that_it_never_runs(tmp_path: Path, own_redis: OwnRedis) -> None:
    own_redis.start()
    ask("accounts.mail_verify_email", queue=None, user_id=1)
    for lane in range(3):
        ask("posts.send_digests", queue=None, day="2026-03-04", zone="UTC", lane=lane, lanes=3)
    with RelayProcess(tmp_path, REDIS_URL=own_redis.url):
        wait_until(lambda: own_redis.client.llen(f"mail{LAST}") == 3, what="the messages of the digests")
        wait_until(lambda: own_redis.client.llen("mail") >= 1, what="the message of the mail")
