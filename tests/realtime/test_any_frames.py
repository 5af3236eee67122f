"""Whatever clients send: answers in order or a closing code with a reason; nothing fails, nothing is left behind."""

import gc
import itertools
import logging
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st
from pytest_django import Settings

from realtime.channels import Identity, everyone, nobody, only_that_person, register_namespace
from realtime.connections import Connection
from realtime.hub import Hub
from realtime.protocol import Close, Disconnect, parse_frame
from realtime.topics import Topic
from tests.realtime.any_frames import Script, scripts
from tests.realtime.sockets import Closed, Socket

LAST = 99
# What a client can bring upon itself.
CODES = {Close.INVALID_TOKEN, Close.BAD_REQUEST, Close.TOO_MANY_ERRORS}
sent = itertools.count()


@pytest.fixture(autouse=True)
def channels_and_people(namespaces: dict[str, object], people: dict[str, Identity], settings: Settings) -> None:
    settings.CHANNELS_PER_SOCKET = 3
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("room", authorize=anyone, presence=True, description="Where people meet")
    register_namespace("club", authorize=nobody, description="Of nobody")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    register_namespace("feed", authorize=only_that_person, description="Hints", server_side=True, recoverable=False)
    register_namespace("feeds", description="Not for clients", internal=True)
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


def anyone(key: str, user_ids: Any) -> set[int | None]:
    return set(user_ids)


class Client:
    """Sends a script, and checks what comes back."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.socket = Socket()
        self.ids: list[int] = []
        self.closed: Closed | None = None

    async def read_to_the_end(self) -> None:
        """Until the last command is answered or the socket is closed."""
        try:
            while LAST not in self.ids:
                message = await self.socket._next()
                for line in message["text"].split("\n"):
                    self._take(orjson.loads(line))
        except Closed as closed:
            self.closed = closed

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self.ids.append(message["id"])
            # The database and Redis are there, so nothing fails for now.
            assert message.get("error", {}).get("code") != 100, (message, self.script)
        else:
            assert "push" in message or message == {}

    def check(self) -> None:
        asked = [command.id for frame in self.script.all() for command in _commands(frame) if command.id]
        answered = self.ids if self.closed else self.ids[:-1]
        assert answered == asked[: len(answered)], self.script
        if self.closed:
            assert self.closed.code in CODES and self.closed.reason, self.script
        else:
            assert len(answered) == len(asked), self.script


def _commands(frame: str | bytes) -> list[Any]:
    try:
        return parse_frame(frame) if isinstance(frame, str) else []
    except Disconnect:
        return []


async def play(hub: Hub, pair: list[Script]) -> None:
    """Two clients send their frames in turn, and others follow the same channels."""
    clients = [Client(script) for script in pair]
    for client in clients:
        await client.socket.handshake()
    for turn in itertools.zip_longest(*(client.script.all() for client in clients)):
        for client, frame in zip(clients, turn, strict=True):
            if frame is not None:
                next(sent)
                client.socket.send(frame)
    for client in clients:
        client.socket.send(f'{{"id":{LAST},"ping":{{}}}}')
        await client.read_to_the_end()
        client.check()
        await client.socket.leave()
    assert not hub.connections and not hub.sockets_of_user and not hub.sockets_of_address
    assert not any(topic.connections() for topic in hub.topics.values())


def left_behind() -> int:
    gc.collect()
    return sum(isinstance(thing, Connection | Topic) for thing in gc.get_objects())


pairs = st.lists(scripts, min_size=2, max_size=2)
at_ease: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@given(pair=pairs)
@runs(max_examples=200, **at_ease)
async def test_whatever_two_clients_send_is_answered_in_order_or_closed_with_a_reason(
    hub: Hub, caplog: pytest.LogCaptureFixture, pair: list[Script]
) -> None:
    await play(hub, pair)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING], caplog.text


@pytest.fixture
def a_hundred_thousand() -> Iterator[None]:
    before = next(sent)
    yield
    assert next(sent) - before >= 100_000


@pytest.mark.faults
@given(pair=pairs)
@runs(max_examples=12_000, **at_ease)
async def test_a_hundred_thousand_frames_fail_nothing_and_leave_nothing_behind(
    a_hundred_thousand: None, hub: Hub, caplog: pytest.LogCaptureFixture, pair: list[Script]
) -> None:
    before = next(sent)
    await play(hub, pair)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING], caplog.text
    if before // 5000 != next(sent) // 5000:
        # The feed's source may still be leaving the bus.
        assert left_behind() <= 6
