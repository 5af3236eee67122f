"""Numbering in the test's own process, as the relay would, without publishing; events for relays, and their numbers."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections

from realtime.models import StreamEvent
from realtime.numbering import NumberedEvent, Numbering


def relay_now() -> list[NumberedEvent]:
    """Numbers every waiting event that this connection sees. Returns them in their order."""
    numbering = Numbering(connection)
    events: list[NumberedEvent] = []
    while batch := numbering.number():
        events += batch
    return events


def write(channel: str, count: int = 1) -> None:
    StreamEvent.objects.bulk_create(StreamEvent(channel=channel, type="test", data={"n": n}) for n in range(count))


@contextmanager
def steady_writing() -> Iterator[None]:
    """A thread that goes on writing events on three channels, a transaction each."""
    ended = threading.Event()

    def work() -> None:
        channels = itertools.cycle(("recipes", "recipe:1", "recipe:2"))
        while not ended.is_set():
            write(next(channels), 3)
        connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(work)
        try:
            yield
        finally:
            ended.set()
        writer.result()


def nothing_waits() -> bool:
    return not StreamEvent.objects.filter(position=None).exists()


def working_numbers() -> Callable[[], bool]:
    """A condition: something was numbered after this call."""
    numbered = StreamEvent.objects.filter(position__isnull=False)
    before = numbered.count()
    return lambda: numbered.count() > before


def assert_dense() -> None:
    """Every event has its offset and position, without a gap."""
    events = list(StreamEvent.objects.order_by("position").values_list("channel", "offset", "position"))
    assert [position for _, _, position in events] == list(range(1, len(events) + 1))
    for _, of_channel in itertools.groupby(sorted(events), key=lambda event: event[0]):
        offsets = [offset for _, offset, _ in of_channel]
        assert offsets == list(range(1, len(offsets) + 1))
