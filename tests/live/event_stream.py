"""An event stream of the real server, read with httpx."""

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx

from tests.live.people import SECONDS
from tests.stack import Stack


class Heard(NamedTuple):
    name: str
    data: Any
    id: str


class LiveStream:
    """Use as a context manager; `events` yields until the stream ends."""

    def __init__(self, address: str, *channels: str, token: str = "", last_event_id: str = "") -> None:
        headers = {"Accept": "text/event-stream"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.client = httpx.Client(timeout=SECONDS)
        url = httpx.URL(f"{address}/api/events/", params=[("channel", channel) for channel in channels])
        self._answer = self.client.stream("GET", url, headers=headers)
        self.id = last_event_id

    def __enter__(self) -> "LiveStream":
        self.answer = self._answer.__enter__()
        self._lines = self.answer.iter_lines()
        if self.answer.status_code == 200:
            # The first id: everything is heard from here on.
            self.first: list[Heard] = list(self._blocks(until_placed=True))
        return self

    def __exit__(self, *exception: object) -> None:
        self._answer.__exit__(None, None, None)
        self.client.close()

    def events(self) -> Iterator[Heard]:
        while self.first:
            yield self.first.pop(0)
        yield from self._blocks()

    def ratings(self, count: int) -> list[tuple[int, int]]:
        """(offset, score) of the next COUNT events."""
        found = [heard.data for _, heard in zip(range(count), self.events(), strict=False)]
        return [(data["offset"], data["data"]["score"]) for data in found]

    def _blocks(self, *, until_placed: bool = False) -> Iterator[Heard]:
        fields: dict[str, str] = {}
        # The comments that keep a stream alive keep its reader from a timeout, too.
        deadline = time.monotonic() + SECONDS
        for line in self._lines:
            assert time.monotonic() < deadline, "nothing more was said"
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            self.id = fields.get("id", self.id)
            if "data" in fields:
                yield Heard(fields.get("event", "message"), json.loads(fields["data"]), self.id)
            elif until_placed and "id" in fields:
                return
            fields = {}


def stream(stack: Stack, *channels: str, **options: str) -> LiveStream:
    return LiveStream(stack.url, *channels, **options)
