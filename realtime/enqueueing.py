"""Enqueueing: `Job` rows that are due become Celery messages, again and again until their row is gone or dead."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from core.celery import app
from core.queues import priority_of
from realtime.models import Job

BATCH = 200
# 60 s after the first message the row is overdue and gets another, then 120, 240, 480 and 600 s later: a worker that
# is hours behind must not drown in messages of the same jobs.
DOUBLINGS = 3
LONGEST = timedelta(seconds=600)


class BrokerAway(Exception):
    """The broker took no message. The rows stay due."""


class Broker:
    """A connection to Celery's broker that gives up within seconds, where kombu's own would try for ever."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._producer: Any = None

    def send(self, job: Job) -> None:
        """Raises BrokerAway. The message is the row's id alone: arguments may be private, and the row is the truth."""
        try:
            if self._producer is None:
                limits = {"socket_connect_timeout": 2, "socket_timeout": 2, "max_retries": 1, "interval_start": 0}
                self._connection = app.connection_for_write(transport_options=limits)
                self._producer = app.amqp.Producer(self._connection, auto_declare=False)
            how: dict[str, Any] = {"queue": job.queue, "priority": priority_of(job.task)}
            app.send_task(job.task, task_id=str(job.id), producer=self._producer, retry=False, **how)
        except Exception as error:  # kombu, redis and socket errors have no base in common
            self.close()
            raise BrokerAway(type(error).__name__) from error

    def close(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it is broken, most likely
                connection.release()


def due_jobs() -> QuerySet[Job]:
    return Job.objects.exclude(state=Job.State.DEAD).filter(enqueue_at__lte=timezone.now()).order_by("enqueue_at")


def enqueue_due(broker: Broker) -> int:
    """Sends a message for each due row, at most 200, and moves `enqueue_at` on. Returns how many were sent.

    Sent first and moved afterwards: a crash in between sends twice, which the claim of the row makes harmless. Raises
    BrokerAway after having moved on those that were sent.
    """
    sent: list[Job] = []
    try:
        for job in due_jobs()[:BATCH]:
            broker.send(job)
            sent.append(job)
    finally:
        _move_on(sent)
    return len(sent)


def waited(sent: int, enqueue_at: datetime, *, now: datetime) -> timedelta:
    """How long a job has waited that was sent so often and is up for the next time at ENQUEUE_AT; at least so long."""
    return now - enqueue_at + sum((_wait(count) for count in range(sent)), timedelta())


def _wait(count: int) -> timedelta:
    """From a message, before which there were COUNT others, to the next."""
    wait: timedelta = timedelta(seconds=settings.JOB_OVERDUE_SECONDS) * 2**count
    return min(wait, LONGEST)


def _move_on(jobs: list[Job]) -> None:
    """Only rows that are due still: one that a worker has claimed by now has its lease there.

    A running row that is due has outlived its lease. It is up for another claim.
    """
    now = timezone.now()
    by_count: dict[int, list[Any]] = {}
    for job in jobs:
        by_count.setdefault(min(job.sent, DOUBLINGS + 1), []).append(job.id)
    for count, ids in by_count.items():
        due = Job.objects.filter(id__in=ids, enqueue_at__lte=now).exclude(state=Job.State.DEAD)
        due.update(state=Job.State.QUEUED, sent=count + 1, enqueue_at=now + _wait(count))
