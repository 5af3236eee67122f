"""The numbers of this web process's sockets: see core/metrics.py."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from core.metrics import counter
from realtime.counts import counts
from realtime.hub import hubs
from realtime.sse import EventStream


def of_sockets() -> Iterable[Metric]:
    """For `core.metrics.register`."""
    kinds: Counter[str] = Counter(socket=0, stream=0)
    topics: Counter[str] = Counter(joined=0, apart=0)
    for hub in hubs():
        kinds.update("stream" if isinstance(it, EventStream) else "socket" for it in tuple(hub.connections))
        topics.update(
            "joined" if topic.joined else "apart" for topic in tuple(hub.topics.values()) if topic.namespace.recoverable
        )
    sockets = GaugeMetricFamily("simmer_sockets", "Open sockets and event streams", labels=["kind"])
    for kind, number in kinds.items():
        sockets.add_metric([kind], number)
    channels = GaugeMetricFamily("simmer_topics", "Channels with readers; apart: the bus is away", labels=["bus"])
    for state, number in topics.items():
        channels.add_metric([state], number)
    closed = CounterMetricFamily("simmer_sockets_closed", "Sockets closed from this side", labels=["code"])
    for code, number in tuple(counts.closed.items()):
        closed.add_metric([str(code)], number)
    yield from (sockets, channels, closed)
    yield counter("simmer_sockets_opened", "Sockets and event streams since the start", counts.opened)
    yield counter("simmer_deliveries", "Events times readers", counts.deliveries)
    yield counter("simmer_slow_readers", "Readers dropped because they did not read", counts.slow)
    yield counter("simmer_store_fills", "Reads of what the bus did not bring", counts.fills)
