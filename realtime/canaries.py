"""Canaries: a job for each queue, every so often, that does nothing but come back. One that does not raises an alarm.

The relay sends them, and a new one to a queue only once the last one is back: so a queue that nobody serves fills up
with none. How long it was on its way stands in its row.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.queues import QUEUES
from realtime.jobs import RunningJob, job
from realtime.models import Canary, Job
from realtime.outbox import record_job

RETURN = "realtime.return_canary"


def canary_interval() -> timedelta:
    """From one canary to the next: a third of the time after which one that is out raises an alarm."""
    assert settings.CANARY_SECONDS is not None
    return timedelta(seconds=settings.CANARY_SECONDS / 3)


def send_canaries() -> None:
    """A canary to each queue whose last one is back and no longer fresh. One query when there is none to send."""
    if settings.CANARY_SECONDS is None:
        return
    known = {canary.queue: canary for canary in Canary.objects.all()}
    due = timezone.now() - canary_interval()
    for queue in QUEUES:
        canary = known.get(queue)
        if canary is None or (canary.sent_at <= due and not _is_out(canary)):
            _send(queue, canary)


def _is_out(canary: Canary) -> bool:
    """Whether it may still come back. One whose job somebody has deleted, or which has died, never will."""
    if canary.returned_at is not None:
        return False
    return Job.objects.filter(pk=canary.job).exclude(state=Job.State.DEAD).exists()


@transaction.atomic
def _send(queue: str, last: Canary | None) -> None:
    """Of two relays that do so at once, one sends: the other finds the row changed."""
    job = record_job(RETURN, queue=queue)
    now = timezone.now()
    if last is None:
        _, sent = Canary.objects.get_or_create(queue=queue, defaults={"job": job.pk, "sent_at": now})
    else:
        # One that never came back is replaced, and waited for since then.
        since = now if last.returned_at is not None else last.sent_at
        rows = Canary.objects.filter(pk=last.pk, job=last.job)
        sent = bool(rows.update(job=job.pk, sent_at=since, returned_at=None))
    if not sent:
        job.delete()


@job(RETURN, time_limit=10)
def return_canary(run: RunningJob) -> None:
    with transaction.atomic():
        Canary.objects.filter(job=run.id).update(returned_at=timezone.now())
        run.done()


def round_trips() -> dict[str, float]:
    """{queue: seconds} that the last canary needed, or has been out so far. One query. For metrics."""
    now = timezone.now()
    return {row.queue: ((row.returned_at or now) - row.sent_at).total_seconds() for row in Canary.objects.all()}
