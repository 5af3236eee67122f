"""A right that is taken away ends the delivery."""

import time
from collections.abc import Collection

import pytest

from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.hub import Hub
from tests.realtime.conftest import Sockets
from tests.realtime.streams import announce, store

MEMBERS: set[int | None] = set()


def members(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    return MEMBERS & set(user_ids)


@pytest.fixture(autouse=True)
def channels_of_the_tests(namespaces: dict[str, object], people: dict[str, Identity]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("club", authorize=members, description="Members only")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    MEMBERS.clear()
    MEMBERS.update({1, 2})
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


async def test_only_members_are_let_in(sockets: Sockets) -> None:
    stranger = await sockets.open()
    assert (await stranger.command("subscribe", channel="club:1"))["error"]["code"] == 103


async def test_who_is_no_longer_allowed_gets_the_event_that_says_so_and_then_nothing(sockets: Sockets) -> None:
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    await leaver.subscribe("club:1")
    await member.subscribe("club:1")
    MEMBERS.discard(1)
    await announce(*await store("club:1", 1), reauthorize=True)
    assert await leaver.offsets(1) == [1]
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    await announce(*await store("club:1", 1))
    assert await member.offsets(2) == [1, 2]
    await leaver.command("ping")
    assert not leaver.pushes
    # The socket itself goes on.
    await leaver.subscribe("news")


async def test_the_recheck_finds_what_no_event_told(hub: Hub, sockets: Sockets) -> None:
    leaver = await sockets.open(token="token-1")
    await leaver.subscribe("club:1")
    MEMBERS.discard(1)
    await hub.recheck(hub.topics["club:1"])
    assert (await leaver.push())["unsubscribe"] == {"code": 2000, "reason": "you may no longer read this channel"}


async def test_a_revoked_session_closes_its_sockets_and_no_others(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    revoked, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    del people["token-1"]
    await announce(*await store("inbox:1", 1), reauthorize=True)
    assert (await revoked.closed()).code == 3503
    assert (await other.command("ping"))["ping"] == {}


async def test_a_database_that_is_away_costs_a_command_and_not_the_socket(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def away(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        raise OperationalError("server closed the connection")

    register_namespace("club", authorize=away, description="Members only")
    socket = await sockets.open(token="token-1")
    reply = await socket.command("subscribe", channel="club:1")
    assert reply["error"] == {"code": 100, "message": "internal server error", "temporary": True}
    register_namespace("club", authorize=members, description="Members only")
    await socket.subscribe("club:1")
