"""What the relay says of itself at METRICS_PORT: see core/metrics.py and core/side_port.py."""

import time
from collections.abc import Callable, Iterable

from prometheus_client.metrics_core import Metric

from core.metrics import counter, gauge
from realtime.relay import Relay

# Its main thread turns a hundred times a second, a standby four times. A statement that takes so long is stuck.
STUCK_SECONDS = 30.0


def trouble_of(relay: Relay) -> Callable[[], str]:
    """For `/healthz`. A standby that waits is in no trouble."""

    def trouble() -> str:
        silent = time.monotonic() - relay.turned
        return f"The relay has not turned for {silent:.0f} s." if silent > STUCK_SECONDS else ""

    return trouble


def of_relay(relay: Relay) -> Callable[[], Iterable[Metric]]:
    """For `core.metrics.register`."""

    def read() -> Iterable[Metric]:
        publisher = relay.publisher
        yield gauge("simmer_relay_working", "1: it has the lock; 0: it stands by", relay.is_working)
        yield gauge("simmer_relay_broker_away", "Whether the broker takes no jobs", relay.is_broker_away)
        yield counter("simmer_relay_numbered", "Events numbered", relay.numbered)
        yield counter("simmer_relay_enqueued", "Jobs enqueued", relay.enqueued)
        yield counter("simmer_relay_published", "Messages published", publisher.published if publisher else 0)
        yield counter(
            "simmer_relay_dropped", "Messages that the bus did not take", publisher.dropped if publisher else 0
        )

    return read
