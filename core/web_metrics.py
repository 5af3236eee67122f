"""The numbers of this web process's threads and limits: see core/metrics.py."""

from collections.abc import Iterable

from django.conf import settings
from prometheus_client.metrics_core import Metric

from core import limits, threads
from core.metrics import gauge


def of_web() -> Iterable[Metric]:
    """For `core.metrics.register`."""
    yield gauge("simmer_web_threads", "Threads that answer requests", settings.WEB_THREADS)
    yield gauge("simmer_web_work", "Work of threads, at hand and waiting", threads.pool().unfinished)
    yield gauge("simmer_web_work_max", "Above this, requests are refused", settings.WEB_THREADS + settings.WEB_QUEUE)
    yield gauge("simmer_limits_local", "Whether limits are counted without Redis", limits.are_local())
