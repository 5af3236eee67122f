"""Every error code and every closing code of docs/realtime.md, each provoked as a client would meet it."""

import re
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import OperationalError
from pytest_django import Settings

from realtime import consumers
from realtime.channels import Identity, TokenExpired, everyone, only_that_person, register_namespace
from realtime.connections import EXPIRED_SECONDS
from realtime.draining import close_in_slices
from realtime.events import Reauthorize
from realtime.hub import Hub
from realtime.models import StreamEvent
from realtime.pings import PING_FRAME
from realtime.protocol import Close, Error, Unsubscribed
from tests.realtime.conftest import Sockets
from tests.realtime.sockets import Socket
from tests.realtime.streams import announce, store

DOCS = (Path(configured.BASE_DIR) / "docs" / "realtime.md").read_text()
MEMBERS: set[int | None] = set()


def members(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    return MEMBERS & set(user_ids)


def away(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    raise OperationalError("server closed the connection")


@dataclass
class World:
    """What a provocation may use."""

    hub: Hub
    sockets: Sockets
    people: dict[str, Identity]
    settings: Settings
    monkeypatch: pytest.MonkeyPatch

    async def anonymous(self) -> Socket:
        return await self.sockets.open()

    async def signed_in(self) -> Socket:
        return await self.sockets.open(token="token-1")

    def tick(self, *, after: float) -> None:
        """What the hub does with its connections, as if AFTER seconds had gone by."""
        for connection in tuple(self.hub.connections):
            connection.tick(time.time() + after, PING_FRAME)


@pytest.fixture
def world(
    hub: Hub,
    sockets: Sockets,
    people: dict[str, Identity],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    namespaces: dict[str, object],
) -> World:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("club", authorize=members, description="Members only")
    register_namespace("broken", authorize=away, description="Its database is away")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    MEMBERS.clear()
    MEMBERS.add(1)
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)
    return World(hub, sockets, people, settings, monkeypatch)


# --- Errors: the connection goes on ------------------------------------------------------------------

Provocation = Callable[[World], Awaitable[tuple[Socket, dict[str, Any]]]]


def command(method: str, /, **params: Any) -> Provocation:
    async def provoke(world: World) -> tuple[Socket, dict[str, Any]]:
        socket = await world.anonymous()
        return socket, await socket.command(method, **params)

    return provoke


async def subscribe_twice(world: World) -> tuple[Socket, dict[str, Any]]:
    socket = await world.anonymous()
    await socket.subscribe("news")
    return socket, await socket.command("subscribe", channel="news")


async def more_channels_than_allowed(world: World) -> tuple[Socket, dict[str, Any]]:
    world.settings.CHANNELS_PER_SOCKET = 0
    return await command("subscribe", channel="news")(world)


async def an_expired_token(world: World) -> tuple[Socket, dict[str, Any]]:
    def expired(token: str) -> Identity:
        raise TokenExpired

    socket = await world.signed_in()
    world.monkeypatch.setattr("realtime.identifying.verify_token", expired)
    return socket, await socket.command("refresh", token="old")


async def too_many_commands(world: World) -> tuple[Socket, dict[str, Any]]:
    world.settings.COMMANDS_PER_SECOND, world.settings.COMMANDS_BURST = 0, 1
    socket = await world.anonymous()
    reply = await socket.command("ping")
    world.settings.COMMANDS_PER_SECOND = None
    return socket, reply


ERRORS: dict[int, Provocation] = {
    100: command("subscribe", channel="broken:1"),
    101: command("subscribe", channel="inbox:1"),
    102: command("subscribe", channel="nothing:1"),
    103: command("subscribe", channel="club:1"),
    104: command("teleport"),
    105: subscribe_twice,
    106: more_channels_than_allowed,
    107: command("subscribe", channel=5),
    108: command("publish", channel="news", data={}),
    109: an_expired_token,
    111: too_many_commands,
    112: command("history", channel="news", limit=1, since={"epoch": "another", "offset": 1}),
}
TEMPORARY = {100, 111}


@pytest.mark.parametrize("code", ERRORS)
async def test_an_error_has_its_code_and_the_connection_goes_on(world: World, code: int) -> None:
    socket, reply = await ERRORS[code](world)
    assert reply["error"].pop("message")
    assert reply["error"] == {"code": code, **({"temporary": True} if code in TEMPORARY else {})}
    assert (await socket.command("ping"))["ping"] == {}


# --- Closing codes -----------------------------------------------------------------------------------


async def the_server_stops(world: World) -> Socket:
    socket = await world.anonymous()
    await close_in_slices(world.hub, seconds=0.1)
    return socket


async def the_database_is_away_at_connect(world: World) -> Socket:
    def gone(channels: Collection[str]) -> dict[str, int]:
        raise OperationalError("server closed the connection")

    world.monkeypatch.setattr("realtime.hub.read_heads", gone)
    socket = await world.sockets.raw()
    socket.send('{"id":1,"connect":{"token":"token-1"}}')
    return socket


async def the_token_expires(world: World) -> Socket:
    socket = await world.signed_in()
    world.tick(after=900 + EXPIRED_SECONDS)
    return socket


async def it_does_not_read(world: World) -> Socket:
    socket = await world.anonymous()
    await socket.subscribe("news")
    socket.reading.clear()
    for _ in range(5):
        for event in await store("news", 1, filling="x" * 100_000):
            await announce(event)
    while world.hub.connections:
        await socket.yielded()
    socket.reading.set()
    return socket


async def events_of_the_inbox_are_gone(world: World) -> Socket:
    socket = await world.signed_in()
    events = await store("inbox:1", 5)
    await StreamEvent.objects.filter(offset__lte=3).adelete()
    await announce(events[-1])
    return socket


async def it_answers_no_ping(world: World) -> Socket:
    socket = await world.anonymous()
    world.tick(after=0)
    world.tick(after=0)
    return socket


async def a_forged_token(world: World) -> Socket:
    socket = await world.sockets.raw()
    socket.send('{"id":1,"connect":{"token":"forged"}}')
    return socket


async def no_frame_of_the_protocol(world: World) -> Socket:
    socket = await world.anonymous()
    socket.send("hello")
    return socket


async def it_never_connects(world: World) -> Socket:
    world.monkeypatch.setattr(consumers, "CONNECT_SECONDS", 0.01)
    return await world.sockets.raw()


async def its_session_is_revoked(world: World) -> Socket:
    socket = await world.signed_in()
    del world.people["token-1"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    return socket


async def too_many_sockets(world: World) -> Socket:
    world.settings.SOCKETS_PER_ADDRESS = 0
    return await world.sockets.raw()


async def too_many_channels_at_connect(world: World) -> Socket:
    world.settings.CHANNELS_PER_SOCKET = 1
    socket = await world.sockets.raw()
    subs = ",".join(f'"inbox:{number}":{{"recover":true}}' for number in range(2))
    socket.send(f'{{"id":1,"connect":{{"token":"token-1","subs":{{{subs}}}}}}}')
    return socket


async def it_floods_commands(world: World) -> Socket:
    world.settings.COMMANDS_PER_SECOND, world.settings.COMMANDS_BURST = 1, 1
    socket = await world.anonymous()
    socket.send("\n".join(f'{{"id":{number},"ping":{{}}}}' for number in range(1, 100)))
    return socket


CLOSES: dict[Close, Callable[[World], Awaitable[Socket]]] = {
    Close.SHUTDOWN: the_server_stops,
    Close.SERVER_ERROR: the_database_is_away_at_connect,
    Close.EXPIRED: the_token_expires,
    Close.SLOW: it_does_not_read,
    Close.INSUFFICIENT_STATE: events_of_the_inbox_are_gone,
    Close.NO_PONG: it_answers_no_ping,
    Close.INVALID_TOKEN: a_forged_token,
    Close.BAD_REQUEST: no_frame_of_the_protocol,
    Close.STALE: it_never_connects,
    Close.FORCE_DISCONNECT: its_session_is_revoked,
    Close.CONNECTION_LIMIT: too_many_sockets,
    Close.CHANNEL_LIMIT: too_many_channels_at_connect,
    Close.TOO_MANY_ERRORS: it_floods_commands,
}


@pytest.mark.parametrize("code", CLOSES, ids=lambda code: str(int(code)))
async def test_a_socket_is_closed_with_its_code_and_a_reason(world: World, code: Close) -> None:
    socket = await CLOSES[code](world)
    closed = await socket.closed()
    assert closed.code == code and closed.reason


# --- Unsubscribe pushes ------------------------------------------------------------------------------


async def the_right_is_taken_away(world: World) -> Socket:
    socket = await world.signed_in()
    await socket.subscribe("club:1")
    MEMBERS.clear()
    await world.hub.rechecks.readers(world.hub.topics["club:1"])
    return socket


async def events_are_gone(world: World) -> Socket:
    socket = await world.anonymous()
    await socket.subscribe("news")
    events = await store("news", 5)
    await StreamEvent.objects.filter(offset__lte=3).adelete()
    await announce(events[-1])
    return socket


UNSUBSCRIBES: dict[Unsubscribed, Callable[[World], Awaitable[Socket]]] = {
    Unsubscribed.RIGHT_TAKEN_AWAY: the_right_is_taken_away,
    Unsubscribed.INSUFFICIENT_STATE: events_are_gone,
}


@pytest.mark.parametrize("code", UNSUBSCRIBES, ids=lambda code: str(int(code)))
async def test_a_subscription_is_ended_with_its_code_and_the_connection_goes_on(
    world: World, code: Unsubscribed
) -> None:
    socket = await UNSUBSCRIBES[code](world)
    ended = (await socket.push())["unsubscribe"]
    assert ended["code"] == code and ended["reason"]
    assert (await socket.command("ping"))["ping"] == {}


# --- The tables above are whole ----------------------------------------------------------------------


def rows_of(title: str) -> set[int]:
    """The codes in the first column of the table whose first heading is TITLE."""
    table = DOCS.split(f"| {title} |", 1)[1].split("\n\n", 1)[0]
    return {int(code) for code in re.findall(r"^\| (\d+)", table, re.MULTILINE)}


def test_every_code_is_provoked_here_and_told_in_the_documents() -> None:
    assert set(ERRORS) == {error.code for error in Error.__subclasses__()} == rows_of("code")
    assert set(CLOSES) == set(Close) and {int(code) for code in Close} == rows_of("closing code")
    assert set(UNSUBSCRIBES) == set(Unsubscribed)
    assert {int(code) for code in Unsubscribed} == rows_of("unsubscribe code")


def test_clients_come_back_after_the_codes_that_say_so() -> None:
    again = {"SHUTDOWN", "SERVER_ERROR", "EXPIRED", "SLOW", "INSUFFICIENT_STATE", "NO_PONG"}
    assert {code.name for code in Close if code < 3500} == again
