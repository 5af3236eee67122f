"""The relay alone: events a second, and the lag from their commit to the bus. `python -m benchmarks.relay`.

It starts a PostgreSQL (which syncs) and a Redis of its own, and `manage.py relay` as the one process under test.

- backlog: events that wait are numbered and published; on one channel, on a thousand, each on a channel of its own.
- paced: transactions of one event each at a fixed rate, from sixteen sessions; from the return of each COMMIT to the
  arrival at a subscriber of Redis.

Prints a table and writes nothing.
"""

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import msgpack
import orjson
import psycopg2
import redis

from benchmarks.machine import cpu_seconds
from benchmarks.servers import Process, Services, running_services

BACKLOG = 50_000
CHANNELS = (1, 1_000, BACKLOG)
RATES = (100, 1_000, 3_000)
PACED_SECONDS = 10.0
SESSIONS = 16
PATIENCE_SECONDS = 120.0
# About 250 bytes, as a rating tells.
EVENT: dict[str, Any] = {
    "type": "rating.created",
    "at": "2025-01-01T12:00:00.000000+00:00",
    "actor": {"id": 1, "username": "customer1", "display_name": "Customer No. 1", "picture": None},
    "recipe_id": 1,
    "score": 5,
    "review": "",
    "avg_rating": 4.35,
    "rating_count": 120,
}
_INSERT = (
    "INSERT INTO realtime_streamevent (channel, type, data, actor_id, created_at)"
    " VALUES (%s, 'rating.created', %s, 1, now())"
)
_BACKLOG = """
    INSERT INTO realtime_streamevent (channel, type, data, actor_id, created_at)
    SELECT 'recipe:' || n %% %s, 'rating.created', %s::jsonb || jsonb_build_object('number', n), 1, now()
    FROM generate_series(1, %s) n
"""


class Bus:
    """A subscriber to everything: when each event (by its `number`) arrived."""

    def __init__(self, url: str) -> None:
        self.arrivals: dict[int, float] = {}
        self._client = redis.Redis.from_url(url)
        self._pubsub = self._client.pubsub(ignore_subscribe_messages=True)
        self._pubsub.psubscribe("*")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            message = self._pubsub.get_message(timeout=0.1)
            if message is None:
                continue
            now = time.perf_counter()
            for event in msgpack.unpackb(message["data"])["events"]:
                self.arrivals[orjson.loads(event[2])["number"]] = now

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._pubsub.close()
        self._client.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come true")
        time.sleep(0.005)


@contextmanager
def listening(services: Services) -> Iterator[Bus]:
    bus = Bus(services.redis)
    try:
        yield bus
    finally:
        bus.close()


def fill(services: Services, channels: int, events: int) -> None:
    """Leaves so many events, and no others."""
    services.execute("simmer", "TRUNCATE realtime_streamevent")
    with psycopg2.connect(services.database("simmer")) as connection, connection.cursor() as cursor:
        cursor.execute(_BACKLOG, [channels, json.dumps(EVENT), events])
    connection.close()
    services.execute("simmer", "VACUUM ANALYZE realtime_streamevent")


def backlog(services: Services, channels: int) -> dict[str, float]:
    """Events that were there before the relay, so that it never waits for any: events a second, from first to last."""
    fill(services, channels, BACKLOG)
    with listening(services) as bus, services.relay() as relay:

        def numbered() -> int:
            return int(services.execute("simmer", "SELECT coalesce(max(position), 0) FROM realtime_streamevent")[0][0])

        wait_for(lambda: numbered() > 0, "the start of the relay")
        first, began, cpu = numbered(), time.perf_counter(), cpu_seconds(relay.pid)
        wait_for(lambda: numbered() == BACKLOG, "the end of the backlog")
        seconds = time.perf_counter() - began
        _wait_for_quiet(bus)
        arrived = sorted(bus.arrivals.values())
        return {
            "per_second": (BACKLOG - first) / seconds,
            "cpu_us": (cpu_seconds(relay.pid) - cpu) / (BACKLOG - first) * 1e6,
            "published": len(arrived) / BACKLOG,
            "published_per_second": len(arrived) / (arrived[-1] - arrived[0]) if arrived else 0.0,
        }


def _wait_for_quiet(bus: Bus) -> None:
    """Until nothing has arrived for a second: the bus may drop, so that all need not come."""
    seen, since = -1, time.monotonic()
    while time.monotonic() < since + 1:
        if len(bus.arrivals) != seen:
            seen, since = len(bus.arrivals), time.monotonic()
        time.sleep(0.05)


def paced(services: Services, relay: Process, rate: int) -> dict[str, float]:
    """Lag in ms of events that are committed one by one, RATE a second."""
    committed: dict[int, float] = {}
    total = int(rate * PACED_SECONDS)
    data = json.dumps(EVENT)[:-1]

    def session(number: int) -> None:
        connection = psycopg2.connect(services.database("simmer"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for event in range(number, total, SESSIONS):
                    time.sleep(max(0.0, began + event / rate - time.perf_counter()))
                    cursor.execute(_INSERT, [f"recipe:{event % 1_000}", f'{data}, "number": {event}}}'])
                    committed[event] = time.perf_counter()
        finally:
            connection.close()

    with listening(services) as bus:
        began, cpu = time.perf_counter(), cpu_seconds(relay.pid)
        with ThreadPoolExecutor(SESSIONS) as threads:
            list(threads.map(session, range(SESSIONS)))
        seconds = max(committed.values()) - began
        _wait_for_quiet(bus)
        cpu = cpu_seconds(relay.pid) - cpu
        # A COMMIT's answer may reach its session after the event has reached the bus.
        lags = sorted(max(0.0, bus.arrivals[event] - at) for event, at in committed.items() if event in bus.arrivals)
    return {
        "rate": total / seconds,
        "p50": statistics.median(lags) * 1e3,
        "p99": lags[len(lags) * 99 // 100] * 1e3,
        "max": lags[-1] * 1e3,
        "published": len(lags) / total,
        "core": cpu / seconds,
    }


def main() -> None:
    with running_services() as services:
        services.execute("postgres", "CREATE DATABASE simmer")
        services.run("manage.py", "migrate", "-v0", env=services.simmer_env())
        print(f"backlog of {BACKLOG:,} events     numbered/s   published/s   arrived on the bus   CPU us/event")
        for channels in CHANNELS:
            found = backlog(services, channels)
            print(
                f"  on {channels:6,} channel(s)       {found['per_second']:10,.0f}"
                f"    {found['published_per_second']:10,.0f}   {found['published']:17.1%}   {found['cpu_us']:12.1f}",
                flush=True,
            )
        print("commit to bus          reached/s    p50 ms    p99 ms    max ms   arrived   relay's core")
        # What it takes to start is no lag.
        fill(services, channels=1, events=1)
        with services.relay() as relay:
            services.wait_for_relay()
            for rate in RATES:
                found = paced(services, relay, rate)
                print(
                    f"  {rate:6,} events/s       {found['rate']:7,.0f}  {found['p50']:8.1f}  {found['p99']:8.1f}"
                    f"  {found['max']:8.1f}   {found['published']:7.1%}   {found['core']:12.0%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
