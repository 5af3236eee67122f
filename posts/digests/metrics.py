"""The numbers of digests, which the whole installation shares: see core/metrics.py."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from posts.digests import ledger

DAYS = 7


def of_digests() -> Iterable[Metric]:
    """Of the last seven days, by state: one query."""
    since = timezone.now().date() - timedelta(days=DAYS - 1)
    digests = GaugeMetricFamily("simmer_digests", "Digests of the last seven days, by state", labels=["state"])
    for state, number in ledger.counts(since=since).items():
        digests.add_metric([state], number)
    yield digests
