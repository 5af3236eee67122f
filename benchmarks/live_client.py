"""From a rating to its event on an otherwise idle system: real requests, the real relay, one reader.

`python -m benchmarks.live_client` reads {"port", "recipe", "tokens", "ratings"} and prints, for each rating, when (in
seconds since 1970) the request went out, its 201 was complete and the event arrived, with the rating's id.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.http_load import request

PATIENCE_SECONDS = 10.0


class Reader(WSListener):
    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.ready = asyncio.get_running_loop().create_future()
        self.arrivals: dict[int, float] = {}
        self.arrived = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        commands = ({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": self.channel}})
        transport.send(WSMsgType.TEXT, b"\n".join(map(orjson.dumps, commands)))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = time.time()
        for line in frame.get_payload_as_bytes().split(b"\n"):
            message = orjson.loads(line)
            if message.get("id") == 2:
                self.ready.set_result(None)
            elif "push" in message:
                self.arrivals[message["push"]["pub"]["data"]["rating_id"]] = now
                self.arrived.set()
            elif not message:
                transport.send(WSMsgType.TEXT, b"{}")


async def main(spec: dict[str, Any]) -> list[dict[str, float]]:
    _, reader = await ws_connect(lambda: Reader(f"recipe:{spec['recipe']}"), f"ws://127.0.0.1:{spec['port']}/ws/")
    assert isinstance(reader, Reader)
    await asyncio.wait_for(reader.ready, 10)
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", spec["port"])
    ratings = []
    for token in spec["tokens"][: spec["ratings"]]:
        # Not in step with the relay's poll.
        await asyncio.sleep(random.uniform(0.02, 0.06))
        body = {"score": random.randint(1, 5), "review": ""}
        reader.arrived.clear()
        sent = time.time()
        outgoing.write(request("POST", f"/api/recipes/{spec['recipe']}/rate/", token=token, body=body).encode())
        head = await incoming.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        answer = orjson.loads(await incoming.readexactly(length))
        answered = time.time()
        if not head.startswith(b"HTTP/1.1 201"):
            raise SystemExit(f"rating failed: {head!r} {answer!r}")
        await asyncio.wait_for(reader.arrived.wait(), PATIENCE_SECONDS)
        ratings.append({"sent": sent, "answered": answered})
    # The answer may or may not name the rating; the events do, in the same order.
    for rating, (rating_id, arrived) in zip(ratings, reader.arrivals.items(), strict=True):
        rating |= {"id": rating_id, "arrived": arrived}
    return ratings


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(main(json.load(sys.stdin)))))
