"""Recording an event or a job in the caller's transaction: no commit without it, none without the commit.

Nothing here touches Redis or Celery; the relay does, after the commit. Call `record` after the UPDATE that locks the
aggregate (lock order: recipe, post, comment, users by id), so that the order of ids within a channel is the order of
commits.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from realtime.events import EVENTS, Event, handlers_of
from realtime.models import Job, StreamEvent


def record(event: Event) -> None:
    """Writes one row for each channel of `event` (one INSERT), then runs the handlers registered for its class."""
    if EVENTS.get(event.type) is not type(event):
        raise TypeError(f"{type(event).__name__} is not registered as {event.type!r}")
    _require_transaction()
    data = {"type": event.type, "at": timezone.now().isoformat(), "actor": event.actor, **event.payload()}
    actor_id = event.actor["id"] if event.actor else None
    StreamEvent.objects.bulk_create(
        StreamEvent(channel=channel, type=event.type, data=data, actor_id=actor_id) for channel in event.channels()
    )
    for handler in handlers_of(event):
        handler(event)


def record_job(task: str, *, queue: str = "default", at: datetime | None = None, **kwargs: Any) -> Job:
    """Asks for the Celery task named `task` with `kwargs` (JSON types), after the commit and not before `at`."""
    _require_transaction()
    return Job.objects.create(task=task, queue=queue, args=kwargs, enqueue_at=at or timezone.now())


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("events and jobs belong to the transaction of the change: call this inside atomic()")
