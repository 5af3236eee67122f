"""The load client of the socket benchmarks: opens the readers, publishes, counts every delivery, checks its offset.

picows on uvloop, one process. It publishes as the system under test does: a bus message of Simmer's relay, or the
tutorial's `group_send`, through the channel layer of that system's own settings. `python -m benchmarks.socket_client`
reads a spec from its input and prints what each phase found:

    {"system": "simmer" | "tutorial", "port", "pid" (the server's), "key" (recipe id or room), "sockets",
     "tokens": [...] for signed-in readers, "phases": [["paced", rate, seconds] | ["flight", W, seconds] |
                ["apart", W, seconds] | ["burst", n]]}
"""

import asyncio
import gc
import json
import sys
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import django
import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.machine import Usage, cpu_seconds, resident_kb

OFFSET = b'"offset":'
OPENING_AT_ONCE = 50
# Opened and closed before memory is measured: what the first sockets load is not counted to the others.
FIRST_SOCKETS = 20
SETTLE_SECONDS = 1.0
# What has not arrived when nothing more has arrived for so long counts as lost.
PATIENCE_SECONDS = 5.0


class Reader(WSListener):
    """One socket."""

    def __init__(self, load: "Load", first_frame: bytes) -> None:
        self.load = load
        self.first_frame = first_frame
        self.last: int | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.first_frame:
            transport.send(WSMsgType.TEXT, self.first_frame)
        else:
            self.ready.set_result(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.load.closing:
            self.load.closed += 1
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the server closed the socket"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        # A frame holds one push a line; their offsets are dense, so first, last and number of lines tell all.
        if self.ready.done() and (at := payload.find(OFFSET)) >= 0:
            first = int(payload[at + 9 : payload.index(b",", at)])
            last = first + payload.count(b"\n")
            if last != first:
                at = payload.rfind(OFFSET)
                if int(payload[at + 9 : payload.index(b",", at)]) != last:
                    self.load.disorder += 1
            if self.last is not None and first != self.last + 1:
                self.load.disorder += 1
            self.last = last
            self.load.arrived(first, last)
        elif payload == b"{}":
            transport.send(WSMsgType.TEXT, b"{}")
        else:
            self._reply(payload)

    def _reply(self, payload: bytes) -> None:
        if b'"error"' in payload:
            self.ready.set_exception(RuntimeError(payload.decode()))
        elif b'"id":2' in payload and not self.ready.done():
            self.ready.set_result(None)


class Simmer:
    """`/ws/` and the bus message of the relay."""

    path = "/ws/"

    def __init__(self, spec: dict[str, Any]) -> None:
        from channels.layers import get_channel_layer

        from realtime.bus import MESSAGE_TYPE, group_of

        self.channel = f"recipe:{spec['key']}"
        self.group, self.message_type = group_of(self.channel), MESSAGE_TYPE
        self.layer: Any = get_channel_layer()
        self.tokens = spec.get("tokens") or [None]

    def first_frame(self, number: int) -> bytes:
        token = self.tokens[number % len(self.tokens)]
        return b"\n".join(
            orjson.dumps(command)
            for command in (
                {"id": 1, "connect": {"token": token} if token else {}},
                {"id": 2, "subscribe": {"channel": self.channel}},
            )
        )

    async def publish(self, offsets: Sequence[int]) -> None:
        """One message for all events at hand, as the relay does for those of one poll."""
        events = [[offset, offset, orjson.dumps(event_data()), 1, False] for offset in offsets]
        await self.layer.group_send(self.group, {"type": self.message_type, "channel": self.channel, "events": events})

    async def publish_burst(self, offsets: Sequence[int]) -> None:
        """Through the whole way: rows committed together, numbered and published by the relay."""
        await asyncio.to_thread(self._store, len(offsets))

    def _store(self, count: int) -> None:
        from realtime.models import StreamEvent

        data = event_data()
        StreamEvent.objects.bulk_create(
            StreamEvent(channel=self.channel, type=data["type"], data=data, actor_id=1) for _ in range(count)
        )


class Tutorial:
    """The chat room and `group_send`."""

    def __init__(self, spec: dict[str, Any]) -> None:
        from channels.layers import get_channel_layer

        self.path = f"/ws/chat/{spec['key']}/"
        self.group = f"chat_{spec['key']}"
        self.layer: Any = get_channel_layer()

    def first_frame(self, number: int) -> bytes:
        return b""

    async def publish(self, offsets: Sequence[int]) -> None:
        for offset in offsets:
            message = {"offset": offset, **event_data()}
            await self.layer.group_send(self.group, {"type": "chat.message", "message": message})

    publish_burst = publish


def event_data() -> dict[str, Any]:
    """What a rating tells the readers of its recipe: about 250 bytes."""
    return {
        "type": "rating.created",
        "at": "2025-01-01T12:00:00.000000+00:00",
        "actor": {"id": 1, "username": "customer1", "display_name": "Customer No. 1", "picture": None},
        "recipe_id": 1,
        "rating_id": 1_000_000,
        "score": 5,
        "review": "",
        "avg_rating": 4.35,
        "rating_count": 120,
    }


class Load:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.pid: int = spec["pid"]
        self.sockets: int = spec["sockets"]
        self.system: Simmer | Tutorial = Simmer(spec) if spec["system"] == "simmer" else Tutorial(spec)
        self.readers: list[Reader] = []
        # By offset; the first event has offset 1.
        self.counts: list[int] = [0]
        self.sent: list[float] = [0.0]
        self.latencies: array[float] | None = None
        self.deliveries = self.in_flight = self.disorder = self.closed = 0
        self.closing = False
        self.completed = 0.0
        self.progress = asyncio.Event()

    # --- Deliveries ----------------------------------------------------------------------------------

    def arrived(self, first: int, last: int) -> None:
        counts = self.counts
        for offset in range(first, last + 1):
            counts[offset] += 1
            if counts[offset] == self.sockets:
                self.in_flight -= 1
                self.completed = time.perf_counter()
                self.progress.set()
        self.deliveries += last - first + 1
        if self.latencies is not None:
            now = time.perf_counter()
            for offset in range(first, last + 1):
                self.latencies.append(now - self.sent[offset])

    async def publish(self, count: int, *, burst: bool = False, apart: bool = False) -> None:
        first = len(self.counts)
        offsets = range(first, first + count)
        self.counts += [0] * count
        self.sent += [time.perf_counter()] * count
        self.in_flight += count
        if apart:
            for offset in offsets:
                await self.system.publish([offset])
        else:
            await (self.system.publish_burst if burst else self.system.publish)(offsets)

    async def settle(self) -> int:
        """Waits until all that was published has arrived everywhere; the deliveries that have not, if any."""
        seen, idle_since = self.deliveries, time.perf_counter()
        while self.in_flight and time.perf_counter() < idle_since + PATIENCE_SECONDS:
            await asyncio.sleep(0.01)
            if self.deliveries != seen:
                seen, idle_since = self.deliveries, time.perf_counter()
        missing = sum(self.sockets - count for count in self.counts[1:] if count < self.sockets)
        self.counts[1:] = [self.sockets] * (len(self.counts) - 1)
        self.in_flight = 0
        return missing

    # --- Phases --------------------------------------------------------------------------------------

    async def open(self) -> dict[str, float]:
        """Connects the readers; kB a socket and connections a second."""
        first = await self._open(FIRST_SOCKETS)
        self.closing = True
        await asyncio.gather(*(self._close(reader) for reader in first))
        self.closing = False
        await asyncio.sleep(SETTLE_SECONDS)
        memory, cpu, began = resident_kb(self.pid), cpu_seconds(self.pid), time.perf_counter()
        self.readers = await self._open(self.sockets)
        elapsed, cpu = time.perf_counter() - began, cpu_seconds(self.pid) - cpu
        await asyncio.sleep(SETTLE_SECONDS)
        return {
            "per_second": self.sockets / elapsed,
            "per_core_second": self.sockets / cpu,
            "kb": (resident_kb(self.pid) - memory) / self.sockets,
        }

    async def _open(self, count: int) -> list[Reader]:
        slots = asyncio.Semaphore(OPENING_AT_ONCE)
        url = f"ws://127.0.0.1:{self.spec['port']}{self.system.path}"
        headers = {"Origin": f"http://127.0.0.1:{self.spec['port']}"}

        async def one(number: int) -> Reader:
            async with slots:
                first_frame = self.system.first_frame(number)
                _, reader = await ws_connect(lambda: Reader(self, first_frame), url, extra_headers=headers)
                assert isinstance(reader, Reader)
                await asyncio.wait_for(reader.ready, 30)
                return reader

        return await asyncio.gather(*(one(number) for number in range(count)))

    async def _close(self, reader: Reader) -> None:
        reader.transport.send_close()
        await reader.transport.wait_disconnected()

    async def apart(self, most: int, seconds: float) -> dict[str, float]:
        """The same with a message for each event, as if the relay had found them at different polls."""
        return await self.flight(most, seconds, apart=True)

    async def flight(self, most: int, seconds: float, *, apart: bool = False) -> dict[str, float]:
        """Never more than MOST events on their way: the next ones go out when one has reached every reader."""
        usage = Usage(self.pid)
        before, cpu, began = self.deliveries, cpu_seconds(self.pid), time.perf_counter()
        usage.start()
        lost = 0
        while time.perf_counter() < began + seconds:
            await self.publish(most - self.in_flight, apart=apart)
            self.progress.clear()
            while self.in_flight >= most:
                self.progress.clear()
                try:
                    await asyncio.wait_for(self.progress.wait(), PATIENCE_SECONDS)
                except TimeoutError:
                    lost += await self.settle()
        lost += await self.settle()
        usage.stop()
        elapsed, cpu = self.completed - began, cpu_seconds(self.pid) - cpu
        deliveries = self.deliveries - before
        return {
            "per_second": deliveries / elapsed,
            "per_core_second": deliveries / cpu,
            "cpu_us": cpu / deliveries * 1e6,
            "lost": lost,
            "server": usage.server,
            "others": usage.others,
            "strangers": usage.strangers,
        }

    async def paced(self, rate: float, seconds: float) -> dict[str, float]:
        """An event each 1/RATE s, whatever has arrived; latencies in ms from the publish to each reader."""
        self.latencies = array("d")
        usage = Usage(self.pid)
        usage.start()
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            await self.publish(1)
        usage.stop()
        lost = await self.settle()
        ordered, self.latencies = sorted(self.latencies), None
        return {
            "p50": ordered[len(ordered) // 2] * 1e3,
            "p99": ordered[len(ordered) * 99 // 100] * 1e3,
            "lost": lost,
            "server": usage.server,
            "strangers": usage.strangers,
        }

    async def burst(self, count: int) -> dict[str, float]:
        """COUNT events at once; deliveries lost, and seconds until the last event that reached every reader."""
        began = time.perf_counter()
        before = self.deliveries
        await self.publish(count, burst=True)
        lost = await self.settle()
        return {"lost": lost, "seconds": self.completed - began, "expected": count * self.sockets,
                "delivered": self.deliveries - before}  # fmt: skip

    async def run(self) -> dict[str, Any]:
        found: dict[str, Any] = {"connect": await self.open()}
        gc.collect()
        gc.freeze()
        if all(name != "burst" for name, *_ in self.spec["phases"]):
            await self.flight(1, 0.5)  # a burst of Simmer goes by the store, which must not find offsets taken
        phases: dict[str, Callable[..., Awaitable[dict[str, float]]]] = {
            "flight": self.flight,
            "apart": self.apart,
            "paced": self.paced,
            "burst": self.burst,
        }
        for name, *arguments in self.spec["phases"]:
            found[f"{name}.{arguments[0]:g}"] = await phases[name](*arguments)
        found["closed"], found["disorder"] = self.closed, self.disorder
        return found


async def main(spec: dict[str, Any]) -> dict[str, Any]:
    return await Load(spec).run()


if __name__ == "__main__":
    django.setup()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(main(json.load(sys.stdin)))))
