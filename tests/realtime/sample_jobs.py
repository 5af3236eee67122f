"""Jobs for tests, also loaded by the workers that tests start (`celery worker -I tests.realtime.sample_jobs`).

Their effect is an event on a channel, which a test counts. `Gate` rows, events too, let a job wait for the test.
"""

import time

from django.db import transaction

from core.queues import LAST
from realtime.jobs import JobFailed, RunningJob, job
from realtime.models import StreamEvent

QUEUE = "samples"
SECONDS = 60


def effects(channel: str) -> int:
    return StreamEvent.objects.filter(channel=channel).count()


def leave(channel: str) -> None:
    StreamEvent.objects.create(channel=channel, type="test", data={})


@job("tests.leave_effect", time_limit=30)
def leave_effect(run: RunningJob, *, channel: str) -> None:
    with transaction.atomic():
        leave(channel)
        run.done()


@job("tests.leave_effect_last", time_limit=30, priority=LAST)
def leave_effect_last(run: RunningJob, *, channel: str) -> None:
    leave_effect(run, channel=channel)


@job("tests.forget_done", time_limit=30)
def forget_done(run: RunningJob, *, channel: str) -> None:
    leave(channel)


@job("tests.wait", time_limit=SECONDS)
def wait(run: RunningJob, *, channel: str) -> None:
    """Says that it has begun on `{channel}:begun`, then takes effect once there is something on `{channel}:gate`."""
    leave(f"{channel}:begun")
    deadline = time.monotonic() + SECONDS
    while not effects(f"{channel}:gate"):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
    leave_effect(run, channel=channel)


@job("tests.overrun", time_limit=1)
def overrun(run: RunningJob) -> None:
    while True:
        time.sleep(0.02)


@job("tests.raise")
def raise_error(run: RunningJob, *, message: str, channel: str = "") -> None:
    with transaction.atomic():
        if channel:
            leave(channel)
            run.done()
        raise ValueError(message)


@job("tests.give_up")
def give_up(run: RunningJob, *, reason: str) -> None:
    raise JobFailed(reason)
