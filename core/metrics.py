"""Numbers for Prometheus: those of this process, counted in memory, and those that the whole installation shares.

Each process counts for itself and is asked by itself (core/exposition.py). What they share (queues, the relay's lag) is
read from the database when a web process is asked; it is the same from each, so take the maximum, never the sum.
docs/operations.md lists every metric.
"""

import logging
from collections.abc import Callable, Iterable
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

# From an answer out of a cache to the longest that a client waits for, in seconds.
BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]
_own = CollectorRegistry()
_shared = CollectorRegistry()
ProcessCollector(registry=_own)
GCCollector(registry=_own)

_requests = Counter("simmer_requests", "Requests answered", ["route", "method", "status"], registry=_own)
_seconds = Histogram(
    "simmer_request_seconds", "From a request's arrival to the end of its answer", ["route", "method"],
    buckets=BUCKETS, registry=_own,
)  # fmt: skip
shared_up = Gauge("simmer_shared_up", "Whether the numbers of the installation could be read", registry=_own)


@cache
def _counter(route: str, method: str, status: int) -> Counter:
    return _requests.labels(route, method, str(status))


@cache
def _histogram(route: str, method: str) -> Histogram:
    return _seconds.labels(route, method)


def count_request(route: str, method: str, status: int, seconds: float | None) -> None:
    """One request; SECONDS is None of what lasts as long as its client likes."""
    _counter(route, method, status).inc()
    if seconds is not None:
        _histogram(route, method).observe(seconds)


class _Read(Collector):
    """Metrics that are read when somebody asks."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return []  # nothing is read at registration

    def collect(self) -> Iterable[Metric]:
        return self._read()


def register(read: Callable[[], Iterable[Metric]]) -> None:
    """Adds numbers of this process. READ is called at each scrape, from any thread."""
    _own.register(_Read(read))


def register_shared(read: Callable[[], Iterable[Metric]]) -> None:
    """Adds numbers of the installation. READ may query the database, briefly."""
    _shared.register(_Read(read))


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    """A number that goes up and down."""
    return GaugeMetricFamily(name, text, value=value)


def counter(name: str, text: str, value: float) -> CounterMetricFamily:
    """A number that only grows, until its process ends. Prometheus sees it as NAME_total."""
    return CounterMetricFamily(name, text, value=value)


def own_text() -> bytes:
    """The numbers of this process in Prometheus' text format."""
    return generate_latest(_own)


def shared_text() -> bytes:
    """Those of the installation; b"" when the database does not answer, which `simmer_shared_up` says."""
    try:
        text = generate_latest(_shared)
    except Exception as error:
        log.warning("metrics_unavailable error=%s", type(error).__name__)
        text = b""
    shared_up.set(bool(text))
    return text
