"""Whatever fails between the registration of a subscription and its reply leaves no subscription behind."""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from pytest_django import Settings

from core import threads
from realtime import hub as hub_module
from realtime import opening, protocol, waiting
from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.hub import Hub
from realtime.positions import current_epoch
from tests.realtime.conftest import Sockets, Streams
from tests.realtime.streams import announce, store


class Authorizer:
    """Fails at its question number `fails_at`; hangs at number `hangs_at` until `go_on`."""

    def __init__(self) -> None:
        self.questions = 0
        self.fails_at = self.hangs_at = 0
        self.hangs, self.go_on = threading.Event(), threading.Event()

    def __call__(self, key: str, user_ids: Collection[int | None]) -> set[int | None]:
        self.questions += 1
        if self.questions == self.fails_at:
            raise OperationalError("server closed the connection")
        if self.questions == self.hangs_at:
            self.hangs.set()
            assert self.go_on.wait(30)
        return set(user_ids)


@pytest.fixture
def authorizer(namespaces: dict[str, object], people: dict[str, Identity]) -> Authorizer:
    authorizer = Authorizer()
    register_namespace("club", authorize=authorizer, description="Asks the database", presence=True)
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    people["token-1"] = Identity(1, "session-1", time.time() + 900)
    return authorizer


def fails_once(answer: Callable[..., Any]) -> Callable[..., Any]:
    failed = threading.Event()

    def ask(*args: Any, **kwargs: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise OperationalError("server closed the connection")
        return answer(*args, **kwargs)

    return ask


async def test_a_subscribe_whose_second_look_at_the_right_fails_may_be_repeated(
    hub: Hub, sockets: Sockets, authorizer: Authorizer
) -> None:
    socket = await sockets.open()
    authorizer.fails_at = 2
    reply = await socket.command("subscribe", channel="club:1")
    assert reply["error"] == {"code": 100, "message": "internal server error", "temporary": True}
    assert not hub.topics and not any(connection.channels for connection in hub.connections)
    await socket.subscribe("club:1")
    await announce(*await store("club:1", 1))
    assert await socket.offsets(1) == [1]


FAILURES = {
    "the head of the channel": (hub_module, "read_heads"),
    "what was missed": (hub_module, "missed_events"),
    "the control events before that": (opening, "learn_before"),
    "the encoding of the reply": (protocol, "reply"),
}


@pytest.mark.parametrize("what", FAILURES)
async def test_whatever_fails_the_subscription_is_gone_and_may_be_repeated(
    hub: Hub, sockets: Sockets, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await store("club:1", 2)
    position = {"recover": True, "epoch": await sync_to_async(current_epoch)(), "offset": 0}
    socket = await sockets.open()
    module, name = FAILURES[what]
    monkeypatch.setattr(module, name, fails_once(getattr(module, name)))
    assert (await socket.command("subscribe", channel="club:1", **position))["error"]["code"] == 100
    assert not hub.topics
    assert [one["offset"] for one in (await socket.subscribe("club:1", **position))["publications"]] == [1, 2]
    await announce(*await store("club:1", 1))
    assert await socket.offsets(1) == [3]


@pytest.mark.parametrize("what", [*(what for what in FAILURES if what != "the encoding of the reply"), "the right"])
async def test_a_stream_that_fails_to_open_leaves_nothing_behind(
    hub: Hub, streams: Streams, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "the right":
        # The first question is REST's.
        authorizer.fails_at = 2
    else:
        module, name = FAILURES[what]
        monkeypatch.setattr(module, name, fails_once(getattr(module, name)))
    await store("club:1", 2)
    since = f"1;{await sync_to_async(current_epoch)()};club:1=0"
    reader = await streams.begin("club:1", token="token-1", last_event_id=since).opened()
    (end,) = [event for event in await reader.ended() if event.name]
    assert (end.name, end.data["code"]) == ("end", 3004)
    assert not hub.topics and not hub.connections
    assert await (await streams.open("club:1", last_event_id=since)).offsets(2) == [1, 2]


async def test_others_read_on_when_a_subscribe_is_taken_back(
    hub: Hub, sockets: Sockets, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, other = await sockets.open(), await sockets.open()
    await reader.subscribe("club:1")
    monkeypatch.setattr(protocol, "reply", fails_once(protocol.reply))
    assert (await other.command("subscribe", channel="club:1"))["error"]["code"] == 100
    await announce(*await store("club:1", 1))
    assert await reader.offsets(1) == [1]
    await other.command("ping")
    assert not other.pushes and not hub.topics["club:1"].waiting


async def test_a_client_that_leaves_during_its_subscribe_leaves_nothing_behind(
    hub: Hub, sockets: Sockets, authorizer: Authorizer
) -> None:
    socket = await sockets.open()
    authorizer.hangs_at = 2
    asking = asyncio.create_task(socket.command("subscribe", channel="club:1"))
    await asyncio.to_thread(authorizer.hangs.wait, 30)
    (connection,) = hub.connections
    connection.close(protocol.Close.FORCE_DISCONNECT, "meanwhile")
    assert not hub.topics
    authorizer.go_on.set()
    with pytest.raises(Exception, match="meanwhile"):
        await asking
    assert not hub.topics and not hub.connections


async def test_what_waits_for_an_unanswered_subscribe_is_bounded(
    hub: Hub, sockets: Sockets, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_EVENTS", 5)
    socket, other = await sockets.open(), await sockets.open()
    authorizer.hangs_at = 2
    socket.send('{"id":7,"subscribe":{"channel":"club:1"}}')
    await asyncio.to_thread(authorizer.hangs.wait, 30)
    for _ in range(6):
        await announce(*await store("club:1", 1))
    # Nothing can be said of a subscription before its reply: the client connects again.
    assert (await socket.closed()).code == 3010
    assert not hub.topics
    authorizer.go_on.set()
    await other.subscribe("club:1")


@pytest.fixture
def narrow_pool(settings: Settings) -> Iterator[None]:
    """One thread, and two that may wait for it. Name it before the hub."""
    threads.close()
    settings.WEB_THREADS, settings.WEB_QUEUE = 1, 2
    settings.COMMANDS_PER_SECOND = None
    yield
    threads.close()


async def test_a_server_with_too_few_threads_refuses_for_a_while_and_nobody_for_ever(
    narrow_pool: None, hub: Hub, sockets: Sockets, authorizer: Authorizer
) -> None:
    socket = await sockets.open()
    busy, refused = asyncio.Event(), 0

    async def requests() -> None:
        while not busy.is_set():
            work = [threads.run(time.sleep, 0.002) for _ in range(3)]
            await asyncio.gather(*work, return_exceptions=True)
            # Between two rushes there is room for a question or two.
            await asyncio.sleep(0.002)

    load = asyncio.create_task(requests())
    try:
        for number in range(20):
            for _ in range(10_000):
                socket.send("{}")
                reply = await socket.command("subscribe", channel=f"club:{number}")
                if "subscribe" in reply:
                    break
                assert reply["error"]["code"] == 100, reply
                refused += 1
            else:
                raise AssertionError("it was refused for ever")
    finally:
        busy.set()
        await load
    assert refused
    assert len(hub.topics) == 20
