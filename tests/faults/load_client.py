"""Readers and writers in a process of their own, which never give up: `tests.faults.load` starts and asks it.

A reader keeps its sockets as an SDK does: it reconnects, to whichever server answers, and recovers from its last
offsets. What may never happen (a gap, a duplicate, a lost position) it notes as a fault. Instead of all it has received
it keeps, for each channel, a checksum over offsets and data, to be compared with that of the store.

A writer sends one act after another, each again and again until it is acknowledged. Each act is such that doing it
twice does it once, so in the end what was acknowledged is exactly what has to be stored.
"""

import asyncio
import itertools
import json
import random
import sys
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import orjson
import uvloop
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.machine import raise_file_limit

OPENING_AT_ONCE = 50
CONNECT_SECONDS = 5.0
# As the SDKs do, scattered; but sooner than theirs, so that it happens oftener.
BACK_OFF = (0.05, 1.0)
# The server pings every 25 s, and SDKs wait 10 s longer.
SILENCE_SECONDS = 35.0
REQUEST_SECONDS = 5.0
RETRY_SECONDS = 0.1
CACHED_FRAMES = 512


def checksum(offset: int, data: dict[str, Any], before: int) -> int:
    """That of a stream up to OFFSET, from the one up to the event before."""
    return zlib.crc32(orjson.dumps([offset, data], option=orjson.OPT_SORT_KEYS), before)


class Position:
    """How far a reader has read one channel."""

    __slots__ = ("checksum", "epoch", "first", "offset")

    def __init__(self, epoch: str, offset: int) -> None:
        self.epoch, self.first, self.offset, self.checksum = epoch, offset, offset, 0


class Reader(WSListener):
    """One client with its channels; a listener of one socket after another."""

    def __init__(self, load: "Load", channels: list[str]) -> None:
        self.load, self.channels = load, channels
        self.positions: dict[str, Position] = {}
        self.transport: WSTransport | None = None
        self.subscribed: set[str] = set()
        self.heard = time.monotonic()
        self.connections = self.pings = 0

    @property
    def open(self) -> bool:
        return len(self.subscribed) == len(self.channels)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport, self.heard = transport, time.monotonic()
        self.connections += 1
        self.subscribed = set()
        commands: list[dict[str, Any]] = [{"id": 1, "connect": {}}]
        for number, channel in enumerate(self.channels, start=2):
            params: dict[str, Any] = {"channel": channel}
            if position := self.positions.get(channel):
                params |= {"recover": True, "epoch": position.epoch, "offset": position.offset}
            commands.append({"id": number, "subscribe": params})
        transport.send(WSMsgType.TEXT, b"\n".join(map(orjson.dumps, commands)))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard = time.monotonic()
        if frame.msg_type == WSMsgType.CLOSE:
            self.load.closings[int(frame.get_close_code())] += 1
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
            return
        for message in self.load.parse(frame.get_payload_as_bytes()):
            if not message:
                self.pings += 1
                transport.send(WSMsgType.TEXT, b"{}")
            elif "push" in message:
                push = message["push"]
                if "pub" in push:
                    self._take(push["channel"], push["pub"])
                else:
                    self.load.faults[f"an unexpected push: {push}"] += 1
            elif message["id"] > 1:
                self._subscribed(self.channels[message["id"] - 2], message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.transport, self.subscribed = None, set()
        self.load.closed(self)

    def _subscribed(self, channel: str, reply: dict[str, Any]) -> None:
        if error := reply.get("error"):
            self.load.errors[str(error)] += 1
            if not error.get("temporary"):
                self.load.faults[f"{channel}: {error}"] += 1
            self.hang_up()
            return
        result = reply["subscribe"]
        if channel not in self.positions:
            self.positions[channel] = Position(result["epoch"], result["offset"])
        elif not result.get("recovered"):
            self.load.faults[f"{channel}: not recovered from {self.positions[channel].offset}"] += 1
        for publication in result.get("publications") or ():
            self._take(channel, publication)
        if self.positions[channel].offset != result["offset"]:
            self.load.faults[f"{channel}: the reply ends before its own offset"] += 1
        self.subscribed.add(channel)

    def _take(self, channel: str, publication: dict[str, Any]) -> None:
        position, offset = self.positions[channel], publication["offset"]
        if offset != position.offset + 1:
            what = "again" if offset <= position.offset else "too early"
            self.load.faults[f"{channel}: {offset} {what}, after {position.offset}"] += 1
            return
        position.offset = offset
        position.checksum = checksum(offset, publication["data"], position.checksum)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.disconnect()


class Writer:
    """A person who acts. `acknowledged` holds [type of the event, what it is known by] of each act, in their order."""

    def __init__(self, load: "Load", *, token: str, username: str, recipe: int, kinds: list[str]) -> None:
        self.load, self.username, self.recipe = load, username, recipe
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acknowledged: list[tuple[str, Any]] = []
        self._acts = self._endless(kinds)

    def _endless(self, kinds: list[str]) -> Iterator[tuple[str, str, dict[str, Any], str, Any]]:
        """(method, path, options of the request, type of the event, what it is known by)."""
        path = f"/api/recipes/{self.recipe}"
        for turn in itertools.count():
            if "rating" in kinds:
                score = 1 + turn % 5  # another one than before: the same again is no event
                kind = "rating.updated" if turn else "rating.created"
                yield "POST", f"{path}/rate/", {"json": {"score": score}}, kind, score
            if "like" in kinds:
                method, kind = ("DELETE", "like.deleted") if turn % 2 else ("PUT", "like.created")
                yield method, f"{path}/like/", {}, kind, None
            if "comment" in kinds:
                text = f"{self.username} for the {turn}. time"
                options = {"json": {"text": text}, "headers": {"Idempotency-Key": str(uuid.uuid4())}}
                yield "POST", f"{path}/comments/", options, "comment.created", text

    async def act(self) -> None:
        """The next act, until somebody has acknowledged it."""
        method, path, options, kind, known_by = next(self._acts)
        headers = self.headers | options.pop("headers", {})
        servers = random.sample(self.load.servers, len(self.load.servers))
        for server in itertools.cycle(servers):
            try:
                answer = await self.load.rest.request(method, server + path, headers=headers, **options)
            except httpx.TransportError as error:
                self.load.lost[type(error).__name__] += 1
            else:
                if answer.is_success:
                    self.acknowledged.append((kind, known_by))
                    return
                self.load.refusals[f"{answer.status_code} {answer.text[:200]}"] += 1
            await asyncio.sleep(RETRY_SECONDS)


class Load:
    """All of them. See `tests.faults.load` for the spec and the questions."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.servers: list[str] = spec["servers"]
        self.readers = [
            Reader(self, spec["channels"][number % len(spec["channels"])]) for number in range(spec["sockets"])
        ]
        self.rest = httpx.AsyncClient(timeout=REQUEST_SECONDS)
        self.writers = [Writer(self, kinds=spec["kinds"], **person) for person in spec["people"]]
        self.faults: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.closings: Counter[int] = Counter()
        self.disconnections = 0
        self._parsed: dict[bytes, list[dict[str, Any]]] = {}
        self._opening = asyncio.Semaphore(OPENING_AT_ONCE)
        self._works: set[asyncio.Task[None]] = set()
        self._writing: list[asyncio.Task[None]] = []
        self._hushed = False

    def parse(self, payload: bytes) -> list[dict[str, Any]]:
        """The messages of a frame, which many readers get alike."""
        found = self._parsed.get(payload)
        if found is None:
            if len(self._parsed) >= CACHED_FRAMES:
                self._parsed.clear()
            found = self._parsed[payload] = [orjson.loads(line) for line in payload.split(b"\n")]
        return found

    # --- Readers -------------------------------------------------------------------------------------

    def closed(self, reader: Reader) -> None:
        self.disconnections += 1
        self._background(self._open(reader))

    def _background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def _open(self, reader: Reader, *, first: bool = False) -> None:
        if not first:
            await asyncio.sleep(random.uniform(*BACK_OFF))
        before = reader.connections
        while reader.connections == before:
            server = random.choice(self.servers)
            async with self._opening:
                # Refused, reset, silent: another time, perhaps at another server. picows may also cancel itself, or
                # return without having told the listener.
                with suppress(Exception, asyncio.CancelledError):
                    async with asyncio.timeout(CONNECT_SECONDS):
                        await ws_connect(lambda: reader, server.replace("http", "ws") + "/ws/")
            if reader.connections == before:
                await asyncio.sleep(random.uniform(*BACK_OFF))

    async def _notice_silence(self) -> None:
        while True:
            await asyncio.sleep(1)
            before = time.monotonic() - SILENCE_SECONDS
            for reader in self.readers:
                if reader.heard < before:
                    reader.hang_up()

    # --- Writers -------------------------------------------------------------------------------------

    async def _write(self, writer: Writer) -> None:
        pause = len(self.writers) / self.spec["rate"]
        await asyncio.sleep(random.uniform(0, pause))
        while not self._hushed:
            began = time.monotonic()
            await writer.act()
            await asyncio.sleep(max(0.0, began + pause * random.uniform(0.5, 1.5) - time.monotonic()))

    # --- Questions -----------------------------------------------------------------------------------

    async def open(self) -> dict[str, Any]:
        """Begins to; `state` tells how many are."""
        self._background(self._notice_silence())
        for reader in self.readers:
            self._background(self._open(reader, first=True))
        return {}

    async def write(self) -> dict[str, Any]:
        self._writing = [asyncio.create_task(self._write(writer)) for writer in self.writers]
        return {}

    async def hush(self) -> dict[str, Any]:
        self._hushed = True
        await asyncio.gather(*self._writing)
        return {"acknowledged": {writer.username: writer.acknowledged for writer in self.writers}}

    async def state(self) -> dict[str, Any]:
        return {
            "acknowledged": sum(len(writer.acknowledged) for writer in self.writers),
            "open": sum(reader.open for reader in self.readers),
            "pinged": sum(reader.pings > 0 for reader in self.readers),
            "pings": sum(reader.pings for reader in self.readers),
            "disconnections": self.disconnections,
            "closings": dict(self.closings),
            "lost": dict(self.lost),
            "errors": dict(self.errors),
            "refusals": dict(self.refusals),
            "faults": dict(self.faults.most_common(20)),
        }

    async def behind(self, heads: dict[str, int]) -> dict[str, Any]:
        """How many readers have not yet received all up to HEADS."""
        late = sum(
            any(channel not in reader.positions or reader.positions[channel].offset < heads[channel]
                for channel in reader.channels)
            for reader in self.readers
        )  # fmt: skip
        return {"readers": late}

    async def received(self) -> dict[str, Any]:
        """For each channel what readers have: [first offset, last offset, checksum, by how many]."""
        found: Counter[tuple[str, int, int, int]] = Counter()
        for reader in self.readers:
            for channel, position in reader.positions.items():
                found[channel, position.first, position.offset, position.checksum] += 1
        return {"received": [[*key, count] for key, count in found.items()]}


async def main() -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    load = Load(json.loads(await lines.readline()))
    while line := await lines.readline():
        question = json.loads(line)
        answer = await getattr(load, question.pop("do"))(**question)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
