"""Due jobs become messages on a real broker, again and again until their row is gone; the row is the truth."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.celery import app
from realtime.enqueueing import Broker, BrokerAway, enqueue_due
from realtime.jobs import execute
from realtime.models import Job
from realtime.outbox import record_job
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.realtime.sample_jobs import QUEUE, effects
from tests.stack import wait_until

__all__ = ["own_redis"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.close()


def ask(channel: str = "a") -> Job:
    with transaction.atomic():
        return record_job("tests.leave_effect", queue=QUEUE, channel=channel)


def messages() -> list[dict[str, Any]]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        return [json.loads(message) for message in client.lrange(QUEUE, 0, -1)]  # type: ignore[union-attr]


def test_a_due_job_becomes_one_message_under_its_id_on_its_queue(broker: Broker) -> None:
    row = ask()
    assert enqueue_due(broker) == 1
    assert enqueue_due(broker) == 0
    (message,) = messages()
    assert message["headers"]["task"] == "tests.leave_effect"
    assert message["headers"]["id"] == str(row.id)


def test_the_message_carries_no_arguments(broker: Broker) -> None:
    """They may be private, and the broker's memory is no place for them."""
    ask(channel="inbox:42")
    enqueue_due(broker)
    (message,) = messages()
    assert json.loads(base64.b64decode(message["body"]))[:2] == [[], {}]
    assert "inbox:42" not in json.dumps(message)


def test_a_job_for_later_is_enqueued_when_its_time_has_come(broker: Broker) -> None:
    row = ask()
    Job.objects.update(enqueue_at=timezone.now() + timedelta(hours=1))
    assert enqueue_due(broker) == 0
    Job.objects.filter(id=row.id).update(enqueue_at=timezone.now())
    assert enqueue_due(broker) == 1


def test_a_job_whose_message_was_lost_gets_others_at_growing_intervals(broker: Broker) -> None:
    row = ask()
    for seconds in (60, 120, 240, 480, 600, 600):
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.flushdb()
        before = timezone.now()
        assert enqueue_due(broker) == 1
        assert len(messages()) == 1
        row.refresh_from_db()
        wait = timedelta(seconds=seconds)
        assert before + wait <= row.enqueue_at <= timezone.now() + wait
        Job.objects.update(enqueue_at=timezone.now())


def test_a_running_job_is_left_alone_until_its_lease_is_over(broker: Broker) -> None:
    row = ask()
    Job.objects.update(state=Job.State.RUNNING, attempts=1, enqueue_at=timezone.now() + timedelta(minutes=1))
    assert enqueue_due(broker) == 0
    Job.objects.update(enqueue_at=timezone.now())
    assert enqueue_due(broker) == 1
    assert execute(row.id)
    assert effects("a") == 1


def test_a_dead_job_is_not_enqueued(broker: Broker) -> None:
    ask()
    Job.objects.update(state=Job.State.DEAD)
    assert enqueue_due(broker) == 0


def test_a_job_that_a_worker_claims_before_the_relay_notes_it_keeps_its_lease() -> None:
    row = ask()

    class Quick(Broker):
        """The worker is quicker than the relay: it has the message while the relay sends others."""

        def send(self, job: Job) -> None:
            Job.objects.filter(id=job.id).update(
                state=Job.State.RUNNING, attempts=1, enqueue_at=timezone.now() + timedelta(minutes=10)
            )

    enqueue_due(Quick())
    row.refresh_from_db()
    assert row.state == Job.State.RUNNING
    assert row.enqueue_at > timezone.now() + timedelta(minutes=9)


def test_without_a_broker_jobs_stay_due_and_are_enqueued_when_it_is_back(
    broker: Broker, own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.conf.changes, "broker_url", own_redis.url)
    ask()
    with pytest.raises(BrokerAway):
        enqueue_due(broker)
    assert Job.objects.get().sent == 0
    own_redis.start()
    assert enqueue_due(broker) == 1
    assert own_redis.client.llen(QUEUE) == 1
    own_redis.kill()
    ask()
    with pytest.raises(BrokerAway):
        enqueue_due(broker)
    own_redis.start()
    assert enqueue_due(broker) == 1


def test_a_broker_that_hangs_is_away(broker: Broker, own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    own_redis.start()
    monkeypatch.setitem(app.conf.changes, "broker_url", own_redis.url)
    ask()
    enqueue_due(broker)
    ask()
    own_redis.freeze()
    with pytest.raises(BrokerAway):
        enqueue_due(broker)
    own_redis.thaw()
    assert enqueue_due(broker) == 1


@pytest.mark.parametrize("count", [5, 50])
def test_enqueueing_costs_two_queries_however_many_are_due(
    broker: Broker, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        ask()
    assert connection.vendor == "postgresql"
    with django_assert_num_queries(2):
        assert enqueue_due(broker) == count


def test_the_relay_enqueues_and_goes_on_numbering_while_the_broker_is_away(tmp_path: Path, own_redis: OwnRedis) -> None:
    with RelayProcess(tmp_path, REDIS_URL=own_redis.url) as relay:
        ask()
        relay.wait_for("broker.away")
        own_redis.start()
        wait_until(lambda: own_redis.client.llen(QUEUE) == 1, what="the message")
        relay.wait_for("broker.back")
        assert relay.log.count("broker.away") == 1
        assert relay.terminate() == 0
