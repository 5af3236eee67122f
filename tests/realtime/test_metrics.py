"""The numbers of events and jobs that the whole installation shares."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core import metrics
from realtime.enqueueing import waited
from realtime.models import Job, StreamEvent
from tests.numbers import numbers_in

pytestmark = pytest.mark.django_db


def numbers() -> dict[str, float]:
    return numbers_in(metrics.shared_text().decode())


def make_job(queue: str = "default", *, due: float = 0, **fields: Any) -> Job:
    """One that is up in DUE seconds."""
    enqueue_at = timezone.now() + timedelta(seconds=due)
    return Job.objects.create(id=uuid.uuid4(), task="x", queue=queue, enqueue_at=enqueue_at, **fields)


def test_every_queue_is_there_when_nothing_waits() -> None:
    found = numbers()
    for queue in ("default", "follows", "images", "media", "mail"):
        for state in ("waiting", "later", "resting", "running", "dead"):
            assert found[f'simmer_jobs{{queue="{queue}",state="{state}"}}'] == 0
        assert found[f'simmer_job_wait_seconds{{queue="{queue}"}}'] == 0


def test_jobs_are_counted_by_queue_and_what_becomes_of_them() -> None:
    make_job("media", due=-5)
    make_job("media", due=50, sent=1)
    make_job("media", due=600)
    make_job("media", due=20, attempts=1)
    make_job("mail", due=10, attempts=1, state=Job.State.RUNNING)
    for _ in range(3):
        make_job("mail", attempts=5, state=Job.State.DEAD)
    found = numbers()
    media = {state: found[f'simmer_jobs{{queue="media",state="{state}"}}'] for state in ("waiting", "later", "resting")}
    assert media == {"waiting": 2, "later": 1, "resting": 1}
    assert found['simmer_jobs{queue="mail",state="running"}'] == 1
    assert found['simmer_jobs{queue="mail",state="dead"}'] == 3
    assert found['simmer_jobs{queue="default",state="waiting"}'] == 0


def test_the_longest_wait_counts_from_when_the_job_was_due() -> None:
    make_job("media", due=-30)
    make_job("media", due=-100)
    make_job("mail", due=50, sent=1)  # sent ten seconds ago, for the first time
    make_job("follows", due=3600)
    found = numbers()
    assert 100 <= found['simmer_job_wait_seconds{queue="media"}'] < 130
    assert 10 <= found['simmer_job_wait_seconds{queue="mail"}'] < 40
    assert found['simmer_job_wait_seconds{queue="follows"}'] == 0


@pytest.mark.parametrize(("sent", "seconds"), [(0, 0), (1, 60), (2, 180), (3, 420), (4, 900), (5, 1500)])
def test_a_job_has_waited_through_all_its_messages(sent: int, seconds: int) -> None:
    now = timezone.now()
    assert waited(sent, now, now=now) == timedelta(seconds=seconds)


def test_events_that_wait_for_a_relay_are_seen() -> None:
    assert numbers()["simmer_relay_lag_seconds"] == 0
    StreamEvent.objects.create(channel="recipes", type="recipe.published", data={}, offset=1, position=7)
    for _ in range(2):
        StreamEvent.objects.create(channel="recipes", type="recipe.published", data={})
    StreamEvent.objects.filter(position=None).update(created_at=timezone.now() - timedelta(seconds=40))
    found = numbers()
    assert 40 <= found["simmer_relay_lag_seconds"] < 70
    assert found["simmer_events_waiting"] == 2
    assert found["simmer_events_numbered_total"] == 7
