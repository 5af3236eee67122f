"""The numbers of events and jobs, which the whole installation shares: see core/metrics.py."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from core.metrics import counter, gauge
from core.queues import QUEUES
from realtime.canaries import round_trips
from realtime.enqueueing import waited
from realtime.models import Job, StreamEvent
from realtime.positions import relay_lag
from realtime.store import newest_marker


def of_events() -> Iterable[Metric]:
    """The installation: three queries."""
    waiting = StreamEvent.objects.filter(position__isnull=True).count()
    yield gauge("simmer_relay_lag_seconds", "Age of the oldest event that no relay has numbered", relay_lag())
    yield gauge("simmer_events_waiting", "Events that no relay has numbered", waiting)
    yield counter("simmer_events_numbered", "The position of the last event", newest_marker().position)


def of_jobs() -> Iterable[Metric]:
    """The installation: two queries.

    `waiting`: due, for a worker or for the relay. `later`: not due yet. `resting`: failed, and to be tried again.
    """
    now = timezone.now()
    numbers: Counter[tuple[str, str]] = Counter()
    for queue in QUEUES:
        numbers.update({(queue, state): 0 for state in ("waiting", "later", "resting", "running", "dead")})
    ages = dict.fromkeys(QUEUES, 0.0)
    due = Q(state=Job.State.QUEUED) & (Q(sent__gt=0) | Q(enqueue_at__lte=now))
    groups = Job.objects.order_by().values_list("queue", "sent").filter(due)
    for queue, sent, number, first in groups.annotate(Count("id"), Min("enqueue_at")):
        numbers[queue, "waiting"] += number
        ages[queue] = max(ages.get(queue, 0.0), waited(sent, first, now=now).total_seconds())
    others = Job.objects.exclude(due).annotate(failed=Q(attempts__gt=0)).order_by()
    for queue, state, failed, number in others.values_list("queue", "state", "failed").annotate(Count("id")):
        name = state if state != Job.State.QUEUED else "resting" if failed else "later"
        numbers[queue, name] += number
    jobs = GaugeMetricFamily("simmer_jobs", "Jobs by what becomes of them", labels=["queue", "state"])
    for labels, number in numbers.items():
        jobs.add_metric(labels, number)
    waits = GaugeMetricFamily("simmer_job_wait_seconds", "How long the oldest job has waited", labels=["queue"])
    for queue, age in ages.items():
        waits.add_metric([queue], age)
    yield from (jobs, waits)


def of_canaries() -> Iterable[Metric]:
    """The installation: one query."""
    canaries = GaugeMetricFamily("simmer_canary_seconds", "How long the last canary was out", labels=["queue"])
    for queue, seconds in round_trips().items():
        canaries.add_metric([queue], seconds)
    yield canaries
