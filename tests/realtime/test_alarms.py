"""What goes wrong with events and jobs is an alarm, until it is mended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.alarms import Alarm, current_alarms
from realtime.jobs import revive
from realtime.models import Job, StreamEvent
from tests.relaying import relay_now

pytestmark = pytest.mark.django_db


def raised(kind: str) -> list[Alarm]:
    return [alarm for alarm in current_alarms() if alarm.kind == kind]


def test_events_that_wait_for_a_relay_raise_an_alarm() -> None:
    event = StreamEvent.objects.create(channel="recipes", type="test", data={})
    assert raised("relay_lag") == []
    StreamEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(seconds=31))
    (alarm,) = raised("relay_lag")
    assert "start `manage.py relay`" in alarm.detail
    relay_now()
    assert raised("relay_lag") == []


def test_jobs_that_nobody_enqueues_raise_an_alarm() -> None:
    job = Job.objects.create(task="tests.none", enqueue_at=timezone.now() - timedelta(seconds=20))
    assert raised("jobs_not_enqueued") == []
    Job.objects.filter(pk=job.pk).update(enqueue_at=timezone.now() - timedelta(seconds=31))
    assert [alarm.subject for alarm in raised("jobs_not_enqueued")] == [""]
    Job.objects.filter(pk=job.pk).update(enqueue_at=timezone.now() + timedelta(seconds=60))
    assert raised("jobs_not_enqueued") == []


def test_dead_jobs_raise_an_alarm_for_each_queue_until_they_are_tried_again_or_deleted() -> None:
    for queue, state in [("media", "dead"), ("media", "dead"), ("mail", "dead"), ("default", "queued")]:
        Job.objects.create(task="tests.none", queue=queue, state=state, enqueue_at=timezone.now())
    assert [(alarm.subject, alarm.detail.split(" of ")[0]) for alarm in raised("dead_jobs")] == [
        ("mail", "1 jobs"),
        ("media", "2 jobs"),
    ]
    revive(Job.objects.filter(queue="media"))
    assert [alarm.subject for alarm in raised("dead_jobs")] == ["mail"]
    Job.objects.filter(queue="mail").delete()
    assert raised("dead_jobs") == []
