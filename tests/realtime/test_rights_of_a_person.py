"""An event on a person's inbox that changes what they may read ends what they have lost, at once and everywhere."""

import asyncio
import threading
import time
from collections.abc import Collection

import pytest
from django.db import OperationalError

from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.events import Reauthorize
from tests.realtime.conftest import Sockets
from tests.realtime.streams import announce, store

# (channel key, person)
MEMBERS: set[tuple[str, int | None]] = set()


def members(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    return {user_id for user_id in user_ids if (key, user_id) in MEMBERS}


@pytest.fixture(autouse=True)
def channels_of_the_tests(
    namespaces: dict[str, object], people: dict[str, Identity], hidden: dict[int, set[int]]
) -> None:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("club", authorize=members, description="Members only")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    MEMBERS.clear()
    MEMBERS.update((key, user_id) for key in ("a", "b", "c") for user_id in (1, 2))
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


async def test_every_channel_that_was_lost_ends_on_every_socket_and_the_rest_goes_on(sockets: Sockets) -> None:
    one, two = await sockets.open(token="token-1"), await sockets.open(token="token-1")
    other = await sockets.open(token="token-2")
    for channel in ("club:a", "club:b", "news"):
        await one.subscribe(channel)
    await two.subscribe("club:c")
    for channel in ("club:a", "club:b", "club:c"):
        await other.subscribe(channel)
    MEMBERS.difference_update({("a", 1), ("c", 1)})
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
    for socket, channel in ((one, "club:a"), (two, "club:c")):
        assert (await socket.push())["channel"] == "inbox:1"
        lost = await socket.push()
        assert (lost["channel"], lost["unsubscribe"]["code"]) == (channel, 2000)
    await announce(*await store("club:a", 1))
    await announce(*await store("club:b", 1))
    assert (await one.push())["channel"] == "club:b"
    assert [(await other.push())["channel"] for _ in range(2)] == ["club:a", "club:b"]
    await announce(*await store("news", 1))
    assert (await one.push())["channel"] == "news"


async def test_it_is_asked_again_when_only_the_store_brings_the_event(sockets: Sockets) -> None:
    # Of a type that this process does not know: it may take anything away.
    leaver = await sockets.open(token="token-1")
    await leaver.subscribe("club:a")
    MEMBERS.clear()
    await store("inbox:1", 1, type="newer.event")
    assert (await leaver.push())["channel"] == "inbox:1"
    assert (await leaver.push())["unsubscribe"]["code"] == 2000


async def test_a_question_that_fails_is_asked_again(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = threading.Event()

    def away_once(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        if not MEMBERS and not failing.is_set():
            failing.set()
            raise OperationalError("server closed the connection")
        return members(key, user_ids)

    register_namespace("club", authorize=away_once, description="Members only")
    leaver = await sockets.open(token="token-1")
    await leaver.subscribe("club:a")
    MEMBERS.clear()
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
    assert (await leaver.push())["channel"] == "inbox:1"
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert failing.is_set()


async def test_a_right_that_is_lost_while_it_is_looked_up_lets_nobody_in(sockets: Sockets) -> None:
    looked, go_on = threading.Event(), threading.Event()

    def slow(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        allowed = members(key, user_ids)
        if key == "b" and not looked.is_set():
            looked.set()
            assert go_on.wait(30)
        return allowed

    register_namespace("club", authorize=slow, description="Members only")
    leaver = await sockets.open(token="token-1")
    await leaver.subscribe("club:a")
    subscribing = asyncio.create_task(leaver.command("subscribe", channel="club:b"))
    await asyncio.to_thread(looked.wait, 30)
    MEMBERS.clear()
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
    while len(leaver.pushes) < 2:  # noqa: ASYNC110 (the command at hand reads them)
        await asyncio.sleep(0.01)
    assert leaver.pushes[1]["unsubscribe"]["code"] == 2000
    go_on.set()
    assert (await subscribing)["error"]["code"] == 103


async def test_an_event_of_another_channel_asks_nobody_but_its_readers(sockets: Sockets) -> None:
    leaver = await sockets.open(token="token-1")
    await leaver.subscribe("club:a")
    await leaver.subscribe("club:b")
    MEMBERS.discard(("a", 1))
    MEMBERS.discard(("b", 1))
    await announce(*await store("club:b", 1), reauthorize=Reauthorize.READERS | Reauthorize.PERSON)
    assert await leaver.offsets(1) == [1]
    assert (await leaver.push())["channel"] == "club:b"
    await announce(*await store("club:a", 1))
    assert (await leaver.push())["pub"]["offset"] == 1
