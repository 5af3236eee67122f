"""The load client of the socket benchmarks: opens the readers, publishes, counts every delivery, checks its offset.

picows on uvloop, one process. What it sends and publishes is the system's own (benchmarks/socket_systems.py).
`python -m benchmarks.socket_client` reads a spec from its input and prints what each phase found:

    {"system": "simmer" | "tutorial" | "socketio", "port", "pid" (the server's), "key" (recipe id or room), "sockets",
     "tokens": [...] for signed-in readers, "phases": [["paced", rate, seconds] | ["blocked", rate, seconds] |
                ["flight", W, seconds] | ["apart", W, seconds] | ["stalled", W, seconds] | ["burst", n]]}
"""

import asyncio
import gc
import json
import socket
import sys
import time
from array import array
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import django
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.machine import Usage, cpu_seconds, resident_kb
from benchmarks.socket_systems import SYSTEMS, System

OFFSET = b'"offset":'
OPENING_AT_ONCE = 50
# Opened and closed before memory is measured: what the first sockets load is not counted to the others.
FIRST_SOCKETS = 20
SETTLE_SECONDS = 1.0
# What has not arrived when nothing more has arrived for so long counts as lost.
PATIENCE_SECONDS = 5.0
BLOCKED_SECONDS = 0.8
STALLED_READERS = 5
LONG_REVIEW = 4_000
# Of Linux, the first byte of its `tcp_info`.
TCP_ESTABLISHED = 1


class Reader(WSListener):
    """One socket."""

    def __init__(self, load: "Load", number: int) -> None:
        self.load = load
        self.number = number
        self.last: int | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self._go_on(self.load.system.opening(self.number))

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
        elif not self.ready.done():
            self._on_the_way(payload)
        elif answer := self.load.system.answers.get(payload):
            transport.send(WSMsgType.TEXT, answer)

    def _on_the_way(self, payload: bytes) -> None:
        """A frame before the socket is subscribed."""
        try:
            self._go_on(self.load.system.heard(payload))
        except RuntimeError as error:
            self.ready.set_exception(error)

    def _go_on(self, answer: bytes | None) -> None:
        if answer is None:
            self.ready.set_result(None)
        elif answer:
            self.transport.send(WSMsgType.TEXT, answer)


class StalledReader(Reader):
    """A socket that reads nothing any more once it is subscribed, and is none of those that are counted."""

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the server closed the socket"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if not self.ready.done():
            self._on_the_way(frame.get_payload_as_bytes())

    def stall(self) -> None:
        underlying = self.transport.underlying_transport
        self.socket: socket.socket = underlying.get_extra_info("socket")
        # The sending side's kernel still takes megabytes for it before the server notices.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        underlying.pause_reading()

    def end(self) -> bool:
        """Closes it; whether the server had dropped it, which a socket that does not read hears of by its state."""
        state = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        self.transport.disconnect()
        return state != TCP_ESTABLISHED


R = TypeVar("R", bound=Reader)


class Load:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.pid: int = spec["pid"]
        self.sockets: int = spec["sockets"]
        self.system: System = SYSTEMS[spec["system"]](spec)
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
        first = await self.open_readers(FIRST_SOCKETS, Reader)
        self.closing = True
        await asyncio.gather(*(self._close(reader) for reader in first))
        self.closing = False
        await asyncio.sleep(SETTLE_SECONDS)
        memory, cpu, began = resident_kb(self.pid), cpu_seconds(self.pid), time.perf_counter()
        self.readers = await self.open_readers(self.sockets, Reader)
        elapsed, cpu = time.perf_counter() - began, cpu_seconds(self.pid) - cpu
        await asyncio.sleep(SETTLE_SECONDS)
        return {
            "per_second": self.sockets / elapsed,
            "per_core_second": self.sockets / cpu,
            "kb": (resident_kb(self.pid) - memory) / self.sockets,
        }

    async def open_readers(self, count: int, kind: type[R]) -> list[R]:
        slots = asyncio.Semaphore(OPENING_AT_ONCE)
        url = f"ws://127.0.0.1:{self.spec['port']}{self.system.path}"
        headers = {"Origin": f"http://127.0.0.1:{self.spec['port']}"}

        async def one(number: int) -> R:
            async with slots:
                _, reader = await ws_connect(lambda: kind(self, number), url, extra_headers=headers)
                assert isinstance(reader, kind)
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

    async def blocked(self, rate: float, seconds: float) -> dict[str, float]:
        """As `paced`, while one request after another waits in the server for BLOCKED_SECONDS."""
        ended = False

        def block() -> int:
            requests = 0
            while not ended:
                self.system.block(BLOCKED_SECONDS)
                requests += 1
            return requests

        blocking = asyncio.get_running_loop().run_in_executor(None, block)
        found = await self.paced(rate, seconds)
        ended = True
        return {**found, "requests": await blocking}

    async def stalled(self, most: int, seconds: float) -> dict[str, float]:
        """`flight` with long events, alone and while STALLED_READERS more sockets read nothing.

        Also what became of those, and by how much the server's memory grew meanwhile.
        """
        self.system.review = "x" * LONG_REVIEW
        alone = await self.flight(most, seconds)
        stalled = await self.open_readers(STALLED_READERS, StalledReader)
        for reader in stalled:
            reader.stall()
        memory = resident_kb(self.pid)
        found = await self.flight(most, seconds)
        grown = resident_kb(self.pid) - memory
        dropped = sum(reader.end() for reader in stalled)
        self.system.review = ""
        return {
            **found,
            "alone": alone["per_second"],
            "grown_kb": grown,
            "stalled": len(stalled),
            "dropped": dropped,
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
            "blocked": self.blocked,
            "stalled": self.stalled,
            "burst": self.burst,
        }
        for name, *arguments in self.spec["phases"]:
            found[f"{name}.{arguments[0]:g}"] = await phases[name](*arguments)
        found["closed"], found["disorder"] = self.closed, self.disorder
        return found


async def main(spec: dict[str, Any]) -> dict[str, Any]:
    return await Load(spec).run()


if __name__ == "__main__":
    the_spec = json.load(sys.stdin)
    if the_spec["system"] != "socketio":
        django.setup()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(main(the_spec))))
