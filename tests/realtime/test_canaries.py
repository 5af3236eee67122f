"""Canaries: each queue's workers are seen at work, and a queue that nobody serves raises an alarm."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core.alarms import current_alarms
from core.queues import QUEUES
from realtime.canaries import round_trips, send_canaries
from realtime.models import Canary, Job
from tests.celery_processes import worker
from tests.concurrently import at_once
from tests.jobs import run_jobs
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.stack import wait_until

__all__ = ["own_redis"]
SECONDS = 90


def unconsumed() -> list[str]:
    return [alarm.subject for alarm in current_alarms() if alarm.kind == "queue_unconsumed"]


def pass_time(**time: float) -> None:
    for canary in Canary.objects.all():
        canary.sent_at -= timedelta(**time)
        canary.save()


@pytest.mark.django_db(transaction=True)
def test_workers_return_canaries_and_a_queue_without_one_raises_an_alarm(
    tmp_path: Path, own_redis: OwnRedis, settings: Settings
) -> None:
    """The broker is wiped on the way, which is no reason for an alarm that lasts."""
    own_redis.start()
    settings.CANARY_SECONDS = 6
    quick = {"CANARY_SECONDS": "6", "JOB_OVERDUE_SECONDS": "2"}
    others = ["follows", "images", "media"]
    with (
        RelayProcess(tmp_path, REDIS_URL=own_redis.url, **quick),
        worker(tmp_path, own_redis.url, "first", queues="default,mail", **quick),
    ):
        wait_until(lambda: unconsumed() == others, seconds=SECONDS, what="the alarm of the queues without a worker")
        assert sorted(round_trips()) == sorted(QUEUES)
        own_redis.client.flushall()
        with worker(tmp_path, own_redis.url, "second", queues=",".join(others), **quick):
            wait_until(lambda: unconsumed() == [], seconds=SECONDS, what="the end of the alarm")
            since = timezone.now()

            def all_returned() -> bool:
                return Canary.objects.filter(returned_at__gt=since).count() == len(QUEUES)

            wait_until(all_returned, seconds=SECONDS, what="the next canary of each queue")


@pytest.mark.django_db
def test_a_canary_is_sent_again_once_it_is_back_and_a_third_of_the_time_is_over(settings: Settings) -> None:
    settings.CANARY_SECONDS = 60
    send_canaries()
    send_canaries()
    assert sorted(Job.objects.values_list("queue", flat=True)) == sorted(QUEUES)
    assert run_jobs() == ["realtime.return_canary"] * len(QUEUES)
    assert all(0 <= seconds < 60 for seconds in round_trips().values())
    send_canaries()
    assert not Job.objects.exists()
    pass_time(seconds=20)
    send_canaries()
    assert Job.objects.count() == len(QUEUES)


@pytest.mark.django_db
def test_a_canary_that_is_out_is_waited_for_and_one_that_cannot_return_is_replaced(settings: Settings) -> None:
    settings.CANARY_SECONDS = 60
    send_canaries()
    Job.objects.update(enqueue_at=timezone.now() + timedelta(hours=1), sent=1)
    pass_time(seconds=61)
    assert unconsumed() == sorted(QUEUES)
    send_canaries()
    assert Job.objects.count() == len(QUEUES)
    Job.objects.filter(queue="mail").delete()
    Job.objects.filter(queue="media").update(state=Job.State.DEAD)
    send_canaries()
    assert Job.objects.exclude(state=Job.State.DEAD).count() == len(QUEUES)
    assert unconsumed() == sorted(QUEUES), "a replaced one is out since the first was sent"
    run_jobs()
    assert unconsumed() == ["default", "follows", "images"]


@pytest.mark.django_db
def test_while_nothing_is_enqueued_no_worker_is_to_blame(settings: Settings) -> None:
    settings.CANARY_SECONDS = 60
    send_canaries()
    pass_time(seconds=61)
    Job.objects.update(enqueue_at=timezone.now() - timedelta(seconds=61))
    assert [alarm.kind for alarm in current_alarms() if alarm.kind.startswith(("queue", "jobs"))] == [
        "jobs_not_enqueued"
    ]


@pytest.mark.django_db(transaction=True)
def test_relays_that_take_over_from_each_other_send_one(settings: Settings) -> None:
    settings.CANARY_SECONDS = 60
    at_once([send_canaries] * 4)
    assert Job.objects.count() == Canary.objects.count() == len(QUEUES)
    run_jobs()
    pass_time(seconds=20)
    at_once([send_canaries] * 4)
    assert Job.objects.count() == len(QUEUES)


@pytest.mark.django_db
def test_canaries_can_be_switched_off(settings: Settings) -> None:
    settings.CANARY_SECONDS = None
    send_canaries()
    assert not Job.objects.exists()
    Canary.objects.create(queue="mail", job="00000000-0000-0000-0000-000000000000", sent_at=timezone.now())
    pass_time(hours=1)
    assert unconsumed() == []


@pytest.mark.django_db
def test_the_admin_shows_which_are_out(admin_client: Client, settings: Settings) -> None:
    settings.CANARY_SECONDS = 60
    send_canaries()
    assert admin_client.get("/admin/realtime/canary/").text.count(">out<") == len(QUEUES)
    run_jobs()
    assert admin_client.get("/admin/realtime/canary/").text.count(" s<") >= 4
    assert admin_client.get("/admin/realtime/canary/add/").status_code == 403
