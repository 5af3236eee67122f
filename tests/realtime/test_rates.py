"""How many commands one connection may send."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from realtime import rates
from realtime.channels import everyone, register_namespace
from realtime.hub import Hub
from realtime.pings import PING_FRAME
from realtime.rates import PATIENCE, Answer, CommandRate
from tests.realtime.conftest import Sockets
from tests.realtime.streams import announce, store

PER_SECOND, BURST = 10, 20


def answers(times: list[float]) -> list[Answer]:
    rate = CommandRate()
    return [rate.count(1000.0 + at, per_second=PER_SECOND, burst=BURST) for at in times]


@given(st.lists(st.floats(0, 60), max_size=400).map(sorted))
def test_no_more_run_than_a_burst_and_the_rate_allow_in_any_stretch(times: list[float]) -> None:
    run = [at for at, answer in zip(times, answers(times), strict=True) if answer is Answer.RUN]
    for first, start in enumerate(run):
        for last in range(first, len(run)):
            assert last - first + 1 <= BURST + (run[last] - start) * PER_SECOND + 1e-6


def test_a_client_within_the_rate_is_never_refused() -> None:
    assert set(answers([n / PER_SECOND for n in range(1000)])) == {Answer.RUN}


def test_one_that_sends_a_little_too_much_is_refused_some_and_never_closed() -> None:
    found = answers([n / (1.5 * PER_SECOND) for n in range(10_000)])
    assert set(found) == {Answer.RUN, Answer.REFUSE}
    assert found.count(Answer.RUN) > 0.6 * len(found)


def test_a_flood_is_closed() -> None:
    found = answers([0.0] * 1000)
    assert found.index(Answer.REFUSE) == BURST
    assert found.index(Answer.CLOSE) == BURST + PATIENCE * BURST


def test_who_was_refused_may_go_on_after_a_while() -> None:
    assert answers([0.0] * (BURST + 1) + [1.0] * PER_SECOND)[BURST:] == [Answer.REFUSE] + [Answer.RUN] * PER_SECOND


@pytest.fixture
def few_commands(settings: Settings, namespaces: dict[str, object]) -> None:
    settings.COMMANDS_PER_SECOND, settings.COMMANDS_BURST = 0, 5
    register_namespace("news", authorize=everyone, description="Public news")


def pings(*numbers: int) -> str:
    return "\n".join(f'{{"id":{number},"ping":{{}}}}' for number in numbers)


@pytest.mark.usefixtures("few_commands")
async def test_commands_count_and_not_frames_and_the_socket_goes_on(sockets: Sockets) -> None:
    client = await sockets.open()
    await client.subscribe("news")
    client.send(pings(101, 102, 103, 104))
    client.send(pings(105))
    while 105 not in client.replies:
        await client._read()
    errors = {number: reply.get("error") for number, reply in client.replies.items()}
    refused: dict[str, Any] = {"code": 111, "message": "too many requests", "temporary": True}
    assert errors == {101: None, 102: None, 103: None, 104: refused, 105: refused}
    await announce(*await store("news", 1))
    assert await client.offsets(1) == [1]


@pytest.mark.usefixtures("few_commands")
async def test_pongs_count_too_and_nobody_answers_them(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "PATIENCE", 2)
    client, other = await sockets.open(), await sockets.open()
    client.send("\n".join(["{}"] * 15))
    assert (await client.closed()).code == 3509
    assert not client.replies
    assert (await other.command("ping"))["ping"] == {}


@pytest.mark.usefixtures("few_commands")
async def test_a_client_that_talks_too_much_is_not_taken_for_a_silent_one(hub: Hub, sockets: Sockets) -> None:
    client = await sockets.open()
    client.send(pings(*range(101, 110)))
    (connection,) = hub.connections
    for _ in range(2):
        connection.tick(time.time(), PING_FRAME)
        client.send("{}")
        assert (await client.command("ping"))["error"]["code"] == 111
    assert client.pings == 2


async def test_a_client_that_comes_back_to_all_its_channels_is_not_refused(
    sockets: Sockets, namespaces: dict[str, object], settings: Settings
) -> None:
    register_namespace("room", authorize=lambda key, user_ids: set(user_ids), description="Rooms")
    settings.CHANNELS_PER_SOCKET = 100
    client = await sockets.raw()
    commands = [f'{{"id":{n},"subscribe":{{"channel":"room:{n}"}}}}' for n in range(2, 102)]
    client.send("\n".join(['{"id":1,"connect":{}}', *commands]))
    while 101 not in client.replies:
        await client._read()
    assert all("error" not in reply for reply in client.replies.values())


async def test_the_limit_can_be_switched_off(sockets: Sockets, settings: Settings) -> None:
    settings.COMMANDS_PER_SECOND = None
    client = await sockets.open()
    client.send(pings(*range(100, 400)))
    while 399 not in client.replies:
        await client._read()
    assert all("error" not in reply for reply in client.replies.values())
