"""Recording an event or a job in the caller's transaction: no commit without it, none without the commit.

Nothing here touches Redis or Celery; the relay does, after the commit. Call `record` after the UPDATE that locks the
aggregate (lock order: recipe, post, comment, users by id), so that the order of ids within a channel is the order of
commits.
"""

import json
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from core.queues import queue_of
from realtime.bus import encode_data
from realtime.events import EVENTS, Event, handlers_of
from realtime.models import Job, StreamEvent

# By hand: `bulk_create` took 0.4 ms for what the database does in 0.1 ms, in every write that has an event; of a job,
# `create` took 0.2 ms of CPU, and this takes 0.07.
_INSERT = f"INSERT INTO {StreamEvent._meta.db_table} (channel, type, data, actor_id, author_id, created_at) VALUES "  # noqa: S608
_ROW = "(%s, %s, %s, %s, %s, %s)"
_INSERT_JOB = (
    f"INSERT INTO {Job._meta.db_table} "  # noqa: S608
    "(id, task, queue, args, state, attempts, sent, error, concurrency_key, enqueue_at, created_at) "
    "VALUES (%s, %s, %s, %s, %s, 0, 0, '', %s, %s, %s)"
)


def record(event: Event) -> None:
    """Writes one row for each channel of `event` (one INSERT), then runs the handlers registered for its class."""
    if EVENTS.get(event.type) is not type(event):
        raise TypeError(f"{type(event).__name__} is not registered as {event.type!r}")
    _require_transaction()
    now = timezone.now()
    data = {"type": event.type, "at": now.isoformat(), "actor": event.actor, **event.payload()}
    actor_id = event.actor["id"] if event.actor else None
    author_id = event.content_author_id if event.content_author_id != actor_id else None
    shared = [event.type, encode_data(data).decode(), actor_id, author_id]
    when = connection.ops.adapt_datetimefield_value(now)
    rows = [[channel, *shared, when] for channel in event.channels()]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_ROW] * len(rows)), list(chain.from_iterable(rows)))
    for handler in handlers_of(event):
        handler(event)


def record_job(
    task: str, *, queue: str | None = None, at: datetime | None = None, concurrency_key: str = "", **kwargs: Any
) -> Job:
    """Asks for the job named `task` with `kwargs` (JSON types), after the commit and not before `at`.

    On the queue that `@job` declares, unless another one is named. Jobs with the same `concurrency_key` run one after
    another, and cannot be planned with `at`. LookupError: nothing is registered by that name.
    """
    if at is not None and concurrency_key:
        raise ValueError(f"{task}: a job with a concurrency key begins as soon as it can, so it takes no `at`")
    _require_transaction()
    now = timezone.now()
    queue = queue or queue_of(task)
    job = Job(
        task=task, queue=queue, args=kwargs, concurrency_key=concurrency_key, enqueue_at=at or now, created_at=now
    )
    job_id = Job._meta.pk.get_db_prep_value(job.id, connection)
    times = [connection.ops.adapt_datetimefield_value(time) for time in (job.enqueue_at, now)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_JOB, [job_id, task, queue, json.dumps(kwargs), job.state, concurrency_key, *times])
    job._state.adding = False
    return job


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("events and jobs belong to the transaction of the change: call this inside atomic()")
