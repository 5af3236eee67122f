"""A right that is taken away ends the delivery."""

import asyncio
import threading
import time
from collections.abc import Collection

import pytest
from django.db import OperationalError
from pytest_django import Settings

from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.events import Reauthorize
from realtime.hub import Hub
from tests.realtime.conftest import Sockets
from tests.realtime.sockets import Closed
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
    await announce(*await store("club:1", 1), reauthorize=Reauthorize.READERS)
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
    await hub.rechecks.readers(hub.topics["club:1"])
    assert (await leaver.push())["unsubscribe"] == {"code": 2000, "reason": "you may no longer read this channel"}


async def test_a_revoked_session_closes_its_sockets_and_no_others(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    revoked, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    del people["token-1"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    assert (await revoked.closed()).code == 3503
    assert (await other.command("ping"))["ping"] == {}


async def test_a_database_that_is_away_costs_a_command_and_not_the_socket(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        raise OperationalError("server closed the connection")

    register_namespace("club", authorize=away, description="Members only")
    socket = await sockets.open(token="token-1")
    reply = await socket.command("subscribe", channel="club:1")
    assert reply["error"] == {"code": 100, "message": "internal server error", "temporary": True}
    register_namespace("club", authorize=members, description="Members only")
    await socket.subscribe("club:1")


async def test_a_socket_that_connects_during_a_recheck_is_left_alone(
    hub: Hub, sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow_answer(session_ids: Collection[str]) -> set[str]:
        if "session-1" in session_ids and not asked.is_set():
            asked.set()
            assert go_on.wait(30)
        return {identity.session_id for identity in people.values()} & set(session_ids)

    first = await sockets.open(token="token-1")
    early = await sockets.raw()
    monkeypatch.setattr("realtime.rights.live_sessions", slow_answer)
    checking = asyncio.create_task(hub.rechecks.people(tuple(hub.connections)))
    await asyncio.to_thread(asked.wait, 30)
    await early.command("connect", token="token-2")
    go_on.set()
    await checking
    assert (await early.command("ping"))["ping"] == {}
    assert (await first.command("ping"))["ping"] == {}


async def test_the_inbox_cannot_be_left(sockets: Sockets, people: dict[str, Identity]) -> None:
    socket = await sockets.open(token="token-1")
    assert (await socket.command("unsubscribe", channel="inbox:1"))["error"]["code"] == 103
    del people["token-1"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    assert (await socket.closed()).code == 3503


async def test_a_session_that_ends_while_its_socket_connects_is_noticed(
    sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    def revoked_meanwhile(channels: Collection[str]) -> dict[str, int]:
        people.pop("token-1", None)
        return dict.fromkeys(channels, 0)

    monkeypatch.setattr("realtime.hub.read_heads", revoked_meanwhile)
    socket = await sockets.raw()
    socket.send('{"id":1,"connect":{"token":"token-1"}}')
    # Its token is as good as any other of a session that has ended.
    assert (await socket.closed()).code == 3500


async def test_a_connect_that_fails_halfway_asks_the_client_to_come_again(
    hub: Hub, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(channels: Collection[str]) -> dict[str, int]:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr("realtime.hub.read_heads", away)
        socket = await sockets.raw()
        socket.send('{"id":1,"connect":{"token":"token-1"}}')
        assert (await socket.closed()).code == 3004
    assert not hub.sockets_of_user and not hub.topics
    again = await sockets.raw()
    assert "inbox:1" in (await again.command("connect", token="token-1"))["connect"]["subs"]


async def test_a_recheck_that_fails_is_made_up_for(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = threading.Event()

    def away_once(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        if 1 not in MEMBERS and not failing.is_set():
            failing.set()
            raise OperationalError("server closed the connection")
        return members(key, user_ids)

    register_namespace("club", authorize=away_once, description="Members only")
    leaver = await sockets.open(token="token-1")
    await leaver.subscribe("club:1")
    MEMBERS.discard(1)
    await announce(*await store("club:1", 1), reauthorize=Reauthorize.READERS)
    assert await leaver.offsets(1) == [1]
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert failing.is_set()


@pytest.mark.parametrize("heard", [True, False])
async def test_a_right_that_the_channel_takes_away_while_it_is_looked_up_lets_nobody_in(
    sockets: Sockets, heard: bool
) -> None:
    answered, taken_away = threading.Event(), threading.Event()

    def slow(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        allowed = members(key, user_ids)
        if 1 in user_ids and not answered.is_set():
            answered.set()
            assert taken_away.wait(10)
        return allowed

    register_namespace("club", authorize=slow, description="Members only")
    member, leaver = await sockets.open(token="token-2"), await sockets.open(token="token-1")
    if heard:
        await member.subscribe("club:1")
    asking = asyncio.create_task(leaver.command("subscribe", channel="club:1"))
    await asyncio.to_thread(answered.wait, 10)
    MEMBERS.discard(1)
    await announce(*await store("club:1", 1), reauthorize=Reauthorize.READERS)
    if heard:
        assert await member.offsets(1) == [1]
    taken_away.set()
    assert (await asking)["error"]["code"] == 103


async def test_a_session_that_ends_while_its_socket_refreshes_is_noticed(
    hub: Hub, sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refresh has its answer from before the end, which another question finds meanwhile."""
    people["fresh"] = Identity(1, "session-1", time.time() + 1800)
    socket = await sockets.open(token="token-1")
    asked, go_on = threading.Event(), threading.Event()

    def slow_answer(session_ids: Collection[str]) -> set[str]:
        alive = {identity.session_id for identity in people.values()} & set(session_ids)
        if not asked.is_set():
            asked.set()
            assert go_on.wait(30)
        return alive

    monkeypatch.setattr("realtime.rights.live_sessions", slow_answer)
    refreshing = asyncio.create_task(socket.command("refresh", token="fresh"))
    await asyncio.to_thread(asked.wait, 30)
    del people["token-1"], people["fresh"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    go_on.set()
    try:
        await refreshing
        closed = await socket.closed()
    except Closed as before_the_reply:
        closed = before_the_reply
    assert closed.code == 3503


async def test_a_socket_that_moves_to_a_session_which_has_ended_is_closed(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    people["other"] = Identity(1, "session-other", time.time() + 1800)
    first = await sockets.open(token="other")
    await first.leave()
    socket = await sockets.open(token="token-1")
    del people["other"]
    with pytest.raises(Closed) as closed:
        await socket.command("refresh", token="other")
    assert closed.value.code == 3503


async def test_a_refresh_that_nobody_can_answer_changes_nothing(
    hub: Hub, sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(session_ids: Collection[str]) -> set[str]:
        raise OperationalError("server closed the connection")

    people["fresh"] = Identity(1, "session-1", time.time() + 1800)
    socket = await sockets.open(token="token-1")
    with monkeypatch.context() as patch:
        patch.setattr("realtime.rights.live_sessions", away)
        assert (await socket.command("refresh", token="fresh"))["error"]["code"] == 100
    (connection,) = hub.connections
    assert connection.identity == people["token-1"]
    assert (await socket.command("refresh", token="fresh"))["refresh"]["ttl"] > 900


async def test_channels_whose_readers_cannot_be_told_hold_up_no_others(sockets: Sockets) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hung(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        asked.set()
        assert go_on.wait(30)
        return set(user_ids)

    register_namespace("locked", authorize=hung, description="Its table is locked")
    patient, other = await sockets.open(), await sockets.open(token="token-1")
    waiting = asyncio.create_task(patient.subscribe("locked:1"))
    await asyncio.to_thread(asked.wait, 30)
    await other.subscribe("club:1")
    go_on.set()
    await waiting


async def test_a_dead_sessions_tokens_take_nobodys_place(
    sockets: Sockets, people: dict[str, Identity], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people["stolen"] = Identity(1, "session-dead", time.time() + 900)
    await (await sockets.open(token="stolen")).leave()
    del people["stolen"]
    settings.SOCKETS_PER_USER = 1
    asked, go_on = threading.Event(), threading.Event()

    def slow_heads(channels: Collection[str]) -> dict[str, int]:
        asked.set()
        assert go_on.wait(30)
        return dict.fromkeys(channels, 0)

    monkeypatch.setattr("realtime.hub.read_heads", slow_heads)
    thief, owner = await sockets.raw(), await sockets.raw()
    thief.send('{"id":1,"connect":{"token":"stolen"}}')
    await asyncio.to_thread(asked.wait, 30)
    connecting = asyncio.create_task(owner.command("connect", token="token-1"))
    go_on.set()
    assert "connect" in await connecting
    assert (await thief.closed()).code == 3500


async def test_a_recheck_that_fails_for_one_channel_goes_on_with_the_others(
    quick_rechecks: None, sockets: Sockets
) -> None:
    broken = False

    def fails(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        if broken:
            raise RuntimeError("a bug of that app")
        return set(user_ids)

    register_namespace("broken", authorize=fails, description="Fails later")
    leaver = await sockets.open(token="token-1")
    # It stands before the other in the hub's order.
    await leaver.subscribe("broken:1")
    await leaver.subscribe("club:1")
    broken = True
    MEMBERS.discard(1)
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert (await leaver.command("ping"))["ping"] == {}
