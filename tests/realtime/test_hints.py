"""`feed:{id}` tells the connected of what is on `feeds`: hints without offsets, of which nothing is kept."""

import threading
import time
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from realtime import channels
from realtime.channels import Identity, only_that_person, register_feed_readers, register_namespace
from realtime.hub import Hub
from realtime.models import StreamEvent
from realtime.positions import current_epoch
from tests.realtime.conftest import Sockets
from tests.realtime.streams import announce, store

# Followers by the author's id.
FOLLOWERS: dict[int, set[int]] = {}
questions: list[tuple[int, set[int]]] = []


def followers(data: dict[str, Any], user_ids: Collection[int]) -> set[int]:
    questions.append((data["author_id"], set(user_ids)))
    # Not those alone who are connected: the hub has to cope.
    return FOLLOWERS[data["author_id"]]


@pytest.fixture(autouse=True)
def feeds_of_the_tests(
    namespaces: dict[str, object],
    people: dict[str, Identity],
    hidden: dict[int, set[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    register_namespace("feed", authorize=only_that_person, description="Hints", server_side=True, recoverable=False)
    register_namespace("feeds", description="What hints are made of", internal=True)
    monkeypatch.setattr(channels, "_feed_readers", None)
    register_feed_readers(followers)
    for number in (1, 2, 3):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)
    FOLLOWERS.clear()
    FOLLOWERS[50] = {1, 2, 99}
    FOLLOWERS[60] = {3}
    questions.clear()
    yield


async def published(author: int, *, on_the_bus: bool = True) -> None:
    events = await store("feeds", 1, author_id=author)
    if on_the_bus:
        await announce(*events)


async def test_a_publication_reaches_the_connected_followers_without_an_offset(sockets: Sockets) -> None:
    first, second, third = [await sockets.open(token=f"token-{number}") for number in (1, 2, 3)]
    await published(by := 50)
    await published(60)
    for number, socket in ((1, first), (2, second)):
        push = await socket.push()
        assert push == {
            "channel": f"feed:{number}",
            "pub": {"data": {"type": "test.happened", "number": 1, "author_id": by}},
        }
    # The third one hears of the other author alone.
    assert (await third.push())["pub"]["data"]["author_id"] == 60
    assert questions == [(50, {1, 2, 3}), (60, {1, 2, 3})]


async def test_nothing_is_stored_for_a_follower(sockets: Sockets) -> None:
    socket = await sockets.open(token="token-1")
    await published(50)
    await socket.push()
    assert await StreamEvent.objects.values_list("channel", flat=True).aget() == "feeds"


async def test_the_reply_tells_of_no_position_and_recovers_nothing(sockets: Sockets) -> None:
    await store("feeds", 2, author_id=50)
    socket = await sockets.raw()
    reply = await socket.command("connect", token="token-1")
    assert reply["connect"]["subs"] == {"feed:1": {}}
    again = await sockets.raw()
    since = {"recover": True, "epoch": await sync_to_async(current_epoch)(), "offset": 0}
    reply = await again.command("connect", token="token-1", subs={"feed:1": since})
    assert reply["connect"]["subs"] == {"feed:1": {"was_recovering": True, "recovered": False}}
    await published(50)
    assert (await again.push())["pub"]["data"]["number"] == 3


async def test_what_the_bus_loses_comes_from_the_store(sockets: Sockets) -> None:
    socket = await sockets.open(token="token-1")
    await published(50, on_the_bus=False)
    assert (await socket.push())["pub"]["data"]["number"] == 1
    await published(50, on_the_bus=False)
    await published(50)
    assert [(await socket.push())["pub"]["data"]["number"] for _ in range(2)] == [2, 3]


async def test_a_question_that_fails_is_asked_again(sockets: Sockets) -> None:
    failed = threading.Event()

    def away_once(data: dict[str, Any], user_ids: Collection[int]) -> set[int]:
        if not failed.is_set():
            failed.set()
            raise OperationalError("server closed the connection")
        return followers(data, user_ids)

    register_feed_readers(away_once)
    socket = await sockets.open(token="token-1")
    await published(50)
    await published(50)
    assert [(await socket.push())["pub"]["data"]["number"] for _ in range(2)] == [1, 2]


async def test_one_that_nobody_can_answer_does_not_hold_the_others_up_for_ever(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.hints.PATIENCE_SECONDS", 0.0)
    socket = await sockets.open(token="token-1")
    await published(author := 404)
    assert author not in FOLLOWERS
    await published(50)
    assert (await socket.push())["pub"]["data"]["number"] == 2


@pytest.mark.parametrize("token", [None, "token-1"])
async def test_no_client_may_subscribe_to_what_the_hints_are_made_of(sockets: Sockets, token: str | None) -> None:
    socket = await sockets.open(**({"token": token} if token else {}))
    reply = await socket.command("subscribe", channel="feeds")
    assert reply["error"] == {"code": 102, "message": "unknown channel"}


async def test_nobody_reads_the_feed_of_another(sockets: Sockets) -> None:
    socket = await sockets.open(token="token-1")
    assert (await socket.command("subscribe", channel="feed:2"))["error"]["code"] == 103


async def test_the_hub_listens_only_while_somebody_is_there(hub: Hub, sockets: Sockets) -> None:
    first, second = await sockets.open(token="token-1"), await sockets.open(token="token-1")
    await sockets.open()
    assert set(hub.topics) == {"feed:1", "feeds"}
    await first.leave()
    await published(50)
    assert (await second.push())["channel"] == "feed:1"
    await second.leave()
    assert not hub.topics
    sockets.remove(first)
    sockets.remove(second)
    back = await sockets.open(token="token-2")
    await published(50)
    assert (await back.push())["pub"]["data"]["number"] == 2
