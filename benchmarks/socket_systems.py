"""How a reader of each system subscribes, how events are published to it, and what makes one of its requests wait."""

import asyncio
import http.client
import os
import select
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any, Protocol

import msgpack
import orjson
import redis.asyncio

from benchmarks.http_load import request


class System(Protocol):
    """`key` of a spec is the recipe or room; nothing here knows what became of what it has sent."""

    path: str
    # What the server's pings are answered with.
    answers: dict[bytes, bytes]
    # A long one makes long events.
    review: str

    def opening(self, number: int) -> bytes | None:
        """What reader NUMBER sends first; None when it is subscribed as soon as its socket is open."""

    def heard(self, payload: bytes) -> bytes | None:
        """What a reader sends next that has received PAYLOAD, perhaps nothing; None when that made it subscribed.

        RuntimeError when it was refused.
        """

    async def publish(self, offsets: Sequence[int]) -> None:
        """Publishes an event for each of OFFSETS as the system itself would."""

    async def publish_burst(self, offsets: Sequence[int]) -> None:
        """The same of many at once."""

    def block(self, seconds: float) -> None:
        """Has one request wait in the server for so long, and returns when it is answered. For a thread."""


class Simmer:
    """`/ws/` and the bus message of the relay."""

    path = "/ws/"
    answers = {b"{}": b"{}"}
    review = ""

    def __init__(self, spec: dict[str, Any]) -> None:
        from channels.layers import get_channel_layer

        from realtime.bus import MESSAGE_TYPE, group_of

        self.channel = f"recipe:{spec['key']}"
        self.group, self.message_type = group_of(self.channel), MESSAGE_TYPE
        self.layer: Any = get_channel_layer()
        self.port: int = spec["port"]
        self.tokens = spec.get("tokens") or [None]
        self.raters = cycle(spec.get("raters", ()))
        self.rated: int = spec.get("rated", 0)

    def opening(self, number: int) -> bytes:
        token = self.tokens[number % len(self.tokens)]
        return b"\n".join(
            orjson.dumps(command)
            for command in (
                {"id": 1, "connect": {"token": token} if token else {}},
                {"id": 2, "subscribe": {"channel": self.channel}},
            )
        )

    def heard(self, payload: bytes) -> bytes | None:
        if b'"error"' in payload:
            raise RuntimeError(payload.decode())
        return None if b'"id":2' in payload else b""

    async def publish(self, offsets: Sequence[int]) -> None:
        """One message for all events at hand, as the relay does for those of one poll."""
        events = [[offset, offset, orjson.dumps(event_data(self.review)), 1, False] for offset in offsets]
        await self.layer.group_send(self.group, {"type": self.message_type, "channel": self.channel, "events": events})

    async def publish_burst(self, offsets: Sequence[int]) -> None:
        """Through the whole way: rows committed together, numbered and published by the relay."""
        await asyncio.to_thread(self._store, len(offsets))

    def _store(self, count: int) -> None:
        from realtime.models import StreamEvent

        data = event_data(self.review)
        StreamEvent.objects.bulk_create(
            StreamEvent(channel=self.channel, type=data["type"], data=data, actor_id=1) for _ in range(count)
        )

    def block(self, seconds: float) -> None:
        """A rating of a recipe whose row somebody else has locked."""
        from django.db import transaction

        from recipes.models import Recipe

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds + 10)
        with transaction.atomic():
            Recipe.objects.select_for_update().get(pk=self.rated)
            connection.connect()
            rating = {"score": 5, "review": ""}
            text = request("POST", f"/api/recipes/{self.rated}/rate/", token=next(self.raters), body=rating)
            connection.sock.sendall(text.encode())
            time.sleep(seconds)
            if select.select([connection.sock], [], [], 0)[0]:
                answer = connection.sock.recv(300)
                raise RuntimeError(f"the request did not wait for the lock: {answer!r}")
        if not (answer := connection.sock.recv(300)).startswith(b"HTTP/1.1 201"):
            raise RuntimeError(f"rating failed: {answer!r}")
        connection.close()


class Tutorial:
    """The chat room and `group_send`."""

    answers: dict[bytes, bytes] = {}
    review = ""

    def __init__(self, spec: dict[str, Any]) -> None:
        from channels.layers import get_channel_layer

        self.path = f"/ws/chat/{spec['key']}/"
        self.group = f"chat_{spec['key']}"
        self.layer: Any = get_channel_layer()
        self.port: int = spec["port"]

    def opening(self, number: int) -> None:
        return None

    def heard(self, payload: bytes) -> None:
        return None

    async def publish(self, offsets: Sequence[int]) -> None:
        for offset in offsets:
            message = {"offset": offset, **event_data(self.review)}
            await self.layer.group_send(self.group, {"type": "chat.message", "message": message})

    publish_burst = publish

    def block(self, seconds: float) -> None:
        """A synchronous view that takes its time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds + 10)
        connection.request("GET", f"/wait/{round(seconds * 1000)}/")
        if (response := connection.getresponse()).status != 200:
            raise RuntimeError(f"the tutorial's view answered {response.status}")
        connection.close()


class SocketIO:
    """A room of the default namespace, over Engine.IO 4; published as @socket.io/redis-emitter does."""

    path = "/socket.io/?EIO=4&transport=websocket"
    answers = {b"2": b"3"}
    review = ""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.room = f"recipe:{spec['key']}"
        self.redis = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])

    def opening(self, number: int) -> bytes:
        return b""

    def heard(self, payload: bytes) -> bytes | None:
        if payload.startswith(b"0"):
            return b"40" + orjson.dumps({"room": self.room})
        if payload.startswith(b"44"):
            raise RuntimeError(payload.decode())
        return None if payload.startswith(b"40") else b""

    async def publish(self, offsets: Sequence[int]) -> None:
        async with self.redis.pipeline(transaction=False) as pipeline:
            for offset in offsets:
                packet = {"type": 2, "data": ["event", {"offset": offset, **event_data(self.review)}], "nsp": "/"}
                message = msgpack.packb(["bench", packet, {"rooms": [self.room], "flags": {}, "except": []}])
                pipeline.publish(f"socket.io#/#{self.room}#", message)
            await pipeline.execute()

    publish_burst = publish

    def block(self, seconds: float) -> None:
        raise NotImplementedError("node has no thread for it: what blocks there blocks everything, the rest nothing")


SYSTEMS: dict[str, type[Simmer | Tutorial | SocketIO]] = {
    "simmer": Simmer,
    "tutorial": Tutorial,
    "socketio": SocketIO,
}


def event_data(review: str) -> dict[str, Any]:
    """What a rating tells the readers of its recipe: about 250 bytes, and its review."""
    return {
        "type": "rating.created",
        "at": "2025-01-01T12:00:00.000000+00:00",
        "actor": {"id": 1, "username": "customer1", "display_name": "Customer No. 1", "picture": None},
        "recipe_id": 1,
        "rating_id": 1_000_000,
        "score": 5,
        "review": review,
        "avg_rating": 4.35,
        "rating_count": 120,
    }
