"""What goes wrong with events and jobs (core/alarms.py)."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from core.alarms import register_alarm
from realtime.enqueueing import due_jobs
from realtime.models import Canary, Job
from realtime.positions import LAG_SECONDS, relay_lag


def register() -> None:
    register_alarm("relay_lag", _relay_lag, "Events wait for a relay.")
    register_alarm("jobs_not_enqueued", _jobs_not_enqueued, "Jobs that are due wait for a relay or for its broker.")
    register_alarm("queue_unconsumed", _queue_unconsumed, "Queues whose canary no worker has taken in time.")
    register_alarm("dead_jobs", _dead_jobs, "Jobs that have failed five times, by queue.")


def _relay_lag() -> Mapping[str, str]:
    if relay_lag() <= LAG_SECONDS:
        return {}
    return {"": f"Events have waited for more than {LAG_SECONDS:.0f} s for a relay: start `manage.py relay`."}


def _jobs_not_enqueued() -> Mapping[str, str]:
    if not due_jobs().filter(enqueue_at__lt=timezone.now() - timedelta(seconds=LAG_SECONDS)).exists():
        return {}
    return {
        "": f"Jobs have been due for more than {LAG_SECONDS:.0f} s and were not enqueued: "
        "start `manage.py relay`, or look at its log for `broker.away`."
    }


def _queue_unconsumed() -> Mapping[str, str]:
    """Two queries. Not while nothing is enqueued at all: then no worker is to blame."""
    if settings.CANARY_SECONDS is None or _jobs_not_enqueued():
        return {}
    late = timezone.now() - timedelta(seconds=settings.CANARY_SECONDS)
    return {
        canary.queue: f"No worker has taken a task since {canary.sent_at:%Y-%m-%d %H:%M:%S} UTC: start "
        f"`celery -A core worker -Q {canary.queue}`, or more of them should those that run be busy."
        for canary in Canary.objects.filter(returned_at__isnull=True, sent_at__lt=late)
    }


def _dead_jobs() -> Mapping[str, str]:
    dead = Job.objects.filter(state=Job.State.DEAD).order_by().values_list("queue").annotate(count=Count("pk"))
    return {
        queue: f"{count} jobs of the queue {queue} have failed five times: see Jobs in the admin."
        for queue, count in dead
    }
