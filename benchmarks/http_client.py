"""A small HTTP load client for machines without wrk: raw sockets on uvloop, no parsing beyond the end of an answer.

`python -m benchmarks.http_client` reads {"port", "seconds", "connections", "requests"}, prints what wrk's script does.
"""

import asyncio
import json
import sys
import time
from array import array
from itertools import cycle
from typing import Any, cast

import uvloop

STRAGGLERS_SECONDS = 20.0


class Client(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the answer is complete."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.load.failed += 1
            self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not _complete(self.buffer):
            return
        now = time.perf_counter()
        self.load.latencies.append(now - self.sent)
        if self.buffer[9:10] not in b"23":
            self.load.failed += 1
        self.buffer = b""
        if now < self.load.end:
            self._next()
        else:
            self.ended.set_result(None)
            self.transport.close()

    def _next(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(next(self.load.requests))


class Load:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.requests = cycle([text.encode() for text in spec["requests"]])
        self.latencies = array("d")
        self.failed = 0
        self.end = 0.0

    async def run(self) -> dict[str, float]:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        self.end = began + self.spec["seconds"]
        clients = []
        for _ in range(self.spec["connections"]):
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", self.spec["port"])
            clients.append(client)
        ends = [client.ended for client in clients]
        _, late = await asyncio.wait(ends, timeout=self.spec["seconds"] + STRAGGLERS_SECONDS)
        ordered = sorted(self.latencies) or [0.0]
        return {
            "requests": len(self.latencies),
            "seconds": time.perf_counter() - began,
            "p50": ordered[len(ordered) // 2] * 1e3,
            "p99": ordered[len(ordered) * 99 // 100] * 1e3,
            "failed": self.failed + len(late),
        }


def _complete(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    if answer[9:12] in (b"304", b"204"):
        return True
    headers = answer[:head].lower()
    at = headers.find(b"content-length:")
    if at < 0:
        return answer.endswith(b"0\r\n\r\n")
    return len(answer) >= head + 4 + int(headers[at + 15 :].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(Load(json.load(sys.stdin)).run())))
