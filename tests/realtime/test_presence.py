"""Who is on a channel, over all servers."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pytest_django import Settings

from realtime import consumers, presence
from realtime.channels import Identity, everyone, nobody, only_that_person, register_namespace
from realtime.hub import Hub
from tests.realtime.conftest import Sockets
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.sockets import Socket

__all__ = ["own_redis"]


@pytest.fixture(autouse=True)
def channels_and_people(
    namespaces: dict[str, object], people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each test says when a server tells the others.
    monkeypatch.setattr(presence, "REFRESH_SECONDS", 3600.0)
    register_namespace("room", authorize=everyone, presence=True, description="Where people meet")
    register_namespace("club", authorize=nobody, presence=True, description="Of nobody")
    register_namespace("news", authorize=everyone, description="Without presence")
    register_namespace("inbox", authorize=only_that_person, server_side=True, description="One's own")
    for number in (1, 2, 3):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


@pytest_asyncio.fixture
async def other(hub: Hub) -> AsyncIterator[Hub]:
    """The hub of a second server."""
    other = Hub()
    other.start()
    yield other
    await other.stop()


class Servers:
    """Opens sockets of people in the room, on one server or the other."""

    def __init__(self, sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sockets, self._monkeypatch = sockets, monkeypatch

    async def enter(self, person: int | None, *, hub: Hub) -> Socket:
        self._monkeypatch.setattr(consumers, "current_hub", lambda: hub)
        socket = await self._sockets.open(**({"token": f"token-{person}"} if person else {}))
        await socket.subscribe("room")
        return socket


@pytest.fixture
def servers(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> Servers:
    return Servers(sockets, monkeypatch)


async def present(socket: Socket, channel: str = "room") -> list[str]:
    """The people there, one entry a client."""
    reply = await socket.command("presence", channel=channel)
    assert "error" not in reply, reply
    clients = reply["presence"]["presence"]
    assert all(info["client"] == client for client, info in clients.items())
    return sorted(info["user"] for info in clients.values())


async def stats(socket: Socket) -> tuple[int, int]:
    result = (await socket.command("presence_stats", channel="room"))["presence_stats"]
    return result["num_clients"], result["num_users"]


async def test_a_reader_sees_the_others_of_this_server_at_once(hub: Hub, servers: Servers) -> None:
    first = await servers.enter(1, hub=hub)
    assert await present(first) == ["1"]
    second = await servers.enter(2, hub=hub)
    assert await present(first) == await present(second) == ["1", "2"]
    await second.command("unsubscribe", channel="room")
    assert await present(first) == ["1"]


async def test_several_sockets_of_one_person_are_clients_of_one_user_and_anonymous_ones_have_no_name(
    hub: Hub, servers: Servers
) -> None:
    first = await servers.enter(1, hub=hub)
    for person in (1, None, None):
        await servers.enter(person, hub=hub)
    assert await present(first) == ["", "", "1", "1"]
    assert await stats(first) == (4, 1)


async def test_readers_of_another_server_are_seen_once_it_has_told_of_them(
    hub: Hub, other: Hub, servers: Servers
) -> None:
    here, there = await servers.enter(1, hub=hub), await servers.enter(2, hub=other)
    assert await present(here) == ["1"]
    await hub.presence.refresh()
    await other.presence.refresh()
    assert await present(here) == await present(there) == ["1", "2"]
    assert await stats(here) == (2, 2)
    await there.command("unsubscribe", channel="room")
    assert await present(here) == ["1", "2"]
    await other.presence.refresh()
    assert await present(here) == ["1"]


async def test_a_server_that_stops_takes_its_readers_along(hub: Hub, other: Hub, servers: Servers) -> None:
    here = await servers.enter(1, hub=hub)
    await servers.enter(2, hub=other)
    await other.presence.refresh()
    assert await present(here) == ["1", "2"]
    await other.stop()
    assert await present(here) == ["1"]


async def test_the_readers_of_a_killed_server_are_forgotten(
    hub: Hub, other: Hub, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "TTL_SECONDS", 1)
    here = await servers.enter(1, hub=hub)
    await servers.enter(2, hub=other)
    await other.presence.refresh()
    assert await present(here) == ["1", "2"]
    # It says nothing any more.
    deadline = time.monotonic() + 30
    while await present(here) != ["1"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_a_redis_that_was_emptied_is_told_everything_again(
    hub: Hub, other: Hub, servers: Servers, settings: Settings
) -> None:
    here = await servers.enter(1, hub=hub)
    await servers.enter(2, hub=other)
    await other.presence.refresh()
    await other.presence._redis().flushdb()
    assert await present(here) == ["1"]
    await other.presence.refresh()
    assert await present(here) == ["1", "2"]


async def test_nobody_is_told_of_when_nobody_came_or_went(hub: Hub, servers: Servers) -> None:
    redis = hub.presence._redis()
    await hub.presence.refresh()
    assert await redis.keys("*:presence*") == []
    await servers.enter(1, hub=hub)
    await hub.presence.refresh()
    before = (await redis.info("commandstats")).get("cmdstat_hset", {}).get("calls", 0)
    for _ in range(3):
        await hub.presence.refresh()
    assert (await redis.info("commandstats"))["cmdstat_hset"]["calls"] == before


async def test_who_hides_somebody_does_not_see_them_and_is_not_seen_by_them(
    hub: Hub, other: Hub, servers: Servers, hidden: dict[int, set[int]]
) -> None:
    hidden[1] = {2}
    muting = await servers.enter(1, hub=hub)
    muted, third = await servers.enter(2, hub=other), await servers.enter(3, hub=other)
    await servers.enter(None, hub=other)
    await hub.presence.refresh()
    await other.presence.refresh()
    assert await present(muting) == ["", "1", "3"]
    assert await present(muted) == ["", "2", "3"]
    assert await present(third) == ["", "1", "2", "3"]
    # How many there are is not hidden from anybody.
    assert await stats(muting) == await stats(muted) == (4, 3)


@pytest.mark.parametrize("method", ["presence", "presence_stats"])
@pytest.mark.parametrize(
    ("channel", "code"), [("nothing", 102), ("club:1", 103), ("news", 108), ("inbox:1", 108), (7, 107), ("", 107)]
)
async def test_what_cannot_be_asked_is_refused_with_its_code(
    sockets: Sockets, method: str, channel: Any, code: int
) -> None:
    socket = await sockets.open(token="token-1")
    assert (await socket.command(method, channel=channel))["error"]["code"] == code


async def test_of_a_crowd_only_the_number_is_told(hub: Hub, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.connections.PRESENCE_LIMIT", 1)
    socket = await servers.enter(1, hub=hub)
    assert await present(socket) == ["1"]
    await servers.enter(2, hub=hub)
    assert (await socket.command("presence", channel="room"))["error"]["code"] == 106
    assert await stats(socket) == (2, 2)


@pytest.mark.parametrize("how", ["down", "frozen"])
async def test_without_redis_the_question_fails_for_now_and_the_socket_goes_on(
    settings: Settings, namespaces: dict[str, object], sockets: Sockets, own_redis: OwnRedis, how: str
) -> None:
    settings.BUS_REDIS_URLS = [own_redis.url]
    own_redis.start()
    socket = await sockets.open()
    await socket.subscribe("room")
    assert await present(socket) == [""]
    if how == "down":
        own_redis.kill()
    else:
        own_redis.freeze()
    error = (await socket.command("presence", channel="room"))["error"]
    assert error == {"code": 100, "message": "internal server error", "temporary": True}
    assert (await socket.command("ping"))["ping"] == {}
    if how == "down":
        own_redis.start()
    else:
        own_redis.thaw()
    assert await present(socket) == [""]
