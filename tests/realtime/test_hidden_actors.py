"""Who has blocked or muted somebody hears of their doings without actor and content, at the same offset."""

import asyncio
import threading
import time
from collections.abc import Collection
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from realtime import channels
from realtime import hub as hub_module
from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.events import Reauthorize
from realtime.hub import Hub
from realtime.positions import current_epoch
from realtime.protocol import Position
from realtime.recovery import missed_events
from realtime.store import StoredEvent
from tests.realtime.conftest import Sockets
from tests.realtime.sample_events import said
from tests.realtime.sockets import Socket
from tests.realtime.streams import announce, store

# Whom the one with token-1 hides, and somebody whom nobody does.
HIDDEN, SHOWN = 7, 8


@pytest.fixture(autouse=True)
def channels_and_people(
    namespaces: dict[str, object], people: dict[str, Identity], hidden: dict[int, set[int]]
) -> None:
    register_namespace("talk", authorize=everyone, description="Talk")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)
    hidden[1] = {HIDDEN, 9}


def seen(publication: dict[str, Any]) -> tuple[int, int | None, str | None, int]:
    """(offset, the actor's id, the words, their count)."""
    data = publication["data"]
    return publication["offset"], data["actor"] and data["actor"]["id"], data["words"], data["word_count"]


async def heard(socket: Socket, count: int) -> list[tuple[int, int | None, str | None, int]]:
    return [seen((await socket.push())["pub"]) for _ in range(count)]


def in_full(*actors: int) -> list[tuple[int, int | None, str | None, int]]:
    return [(offset, actor, "Good soup!", 2) for offset, actor in enumerate(actors, start=1)]


def without(actor: int, *actors: int) -> list[tuple[int, int | None, str | None, int]]:
    """What somebody hears from whom ACTOR is hidden."""
    return [(entry[0], None, None, 2) if entry[1] == actor else entry for entry in in_full(*actors)]


async def test_live_events_of_the_hidden_come_without_content_and_others_get_them_whole(sockets: Sockets) -> None:
    hiding, other, anonymous = (
        await sockets.open(token="token-1"),
        await sockets.open(token="token-2"),
        await sockets.open(),
    )
    for socket in (hiding, other, anonymous):
        await socket.subscribe("talk")
    for actor in (SHOWN, HIDDEN, SHOWN):
        await announce(*await store("talk", 1, **said(actor)))
    assert await heard(hiding, 3) == without(HIDDEN, SHOWN, HIDDEN, SHOWN)
    for socket in (other, anonymous):
        assert await heard(socket, 3) == in_full(SHOWN, HIDDEN, SHOWN)


async def test_a_burst_of_several_actors_hides_the_one_and_shows_the_others(sockets: Sockets) -> None:
    hiding = await sockets.open(token="token-1")
    await hiding.subscribe("talk")
    actors = [SHOWN, HIDDEN, HIDDEN, SHOWN, 5]
    events = [(await store("talk", 1, **said(actor)))[0] for actor in actors]
    await announce(*events)
    assert await heard(hiding, 5) == without(HIDDEN, *actors)


async def test_recovered_events_of_the_hidden_come_without_content(sockets: Sockets) -> None:
    for actor in (HIDDEN, SHOWN, HIDDEN):
        await store("talk", 1, **said(actor))
    position = {"recover": True, "epoch": await sync_to_async(current_epoch)(), "offset": 0}
    hiding, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    missed = (await hiding.subscribe("talk", **position))["publications"]
    assert [seen(publication) for publication in missed] == without(HIDDEN, HIDDEN, SHOWN, HIDDEN)
    whole = (await other.subscribe("talk", **position))["publications"]
    assert [seen(publication) for publication in whole] == in_full(HIDDEN, SHOWN, HIDDEN)


async def test_what_comes_while_the_reader_recovers_is_hidden_too(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovering, go_on = asyncio.Event(), asyncio.Event()

    async def slow(channel: str, since: Position, *, epoch: str, head: int) -> list[StoredEvent] | None:
        recovering.set()
        await go_on.wait()
        return await missed_events(channel, since, epoch=epoch, head=head)

    hiding, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    await other.subscribe("talk")
    monkeypatch.setattr(hub_module, "missed_events", slow)
    epoch = await sync_to_async(current_epoch)()
    subscribing = asyncio.create_task(hiding.subscribe("talk", recover=True, epoch=epoch, offset=0))
    await recovering.wait()
    await announce(*await store("talk", 1, **said(HIDDEN)))
    assert await heard(other, 1) == in_full(HIDDEN)
    go_on.set()
    assert (await subscribing)["publications"] == []
    assert await heard(hiding, 1) == without(HIDDEN, HIDDEN)


async def test_gaps_that_the_store_fills_are_hidden_too(sockets: Sockets) -> None:
    hiding = await sockets.open(token="token-1")
    await hiding.subscribe("talk")
    first, _lost, third = await store("talk", 3, **said(HIDDEN))
    await announce(first)
    await announce(third)
    assert await heard(hiding, 3) == without(HIDDEN, HIDDEN, HIDDEN, HIDDEN)
    # And the last one, of which nothing shows that the bus lost it.
    await store("talk", 1, **said(HIDDEN))
    assert (await heard(hiding, 1)) == [(4, None, None, 2)]


async def test_the_inbox_in_the_connect_reply_is_hidden_too(sockets: Sockets) -> None:
    await store("inbox:1", 1, **said(HIDDEN))
    socket = await sockets.raw()
    epoch = await sync_to_async(current_epoch)()
    reply = await socket.command("connect", token="token-1", subs={"inbox:1": {"recover": True, "epoch": epoch}})
    (publication,) = reply["connect"]["subs"]["inbox:1"]["publications"]
    assert seen(publication) == (1, None, None, 2)


async def test_of_an_event_that_nobody_knows_nothing_but_its_time_is_told(sockets: Sockets) -> None:
    hiding = await sockets.open(token="token-1")
    await hiding.subscribe("talk")
    await announce(*await store("talk", 1, type="newer.event", actor_id=HIDDEN, at="now", words="Good soup!"))
    data = (await hiding.push())["pub"]["data"]
    assert data == {"type": "newer.event", "at": "now", "number": None, "words": None, "actor": None}


async def until_it_says(socket: Socket, actor: int | None) -> int:
    """Has HIDDEN talk until that is told with ACTOR as the actor. Returns how many events that took."""
    for count in range(1, 1000):
        await announce(*await store("talk", 1, **said(HIDDEN)))
        publication = (await socket.push())["pub"]
        if (publication["data"]["actor"] or {"id": None})["id"] == actor:
            return count
    raise AssertionError("nothing has changed")


async def changed(by: int) -> None:
    await announce(*await store(f"inbox:{by}", 1), reauthorize=Reauthorize.PERSON)


async def test_a_mute_holds_from_the_event_on_that_tells_it_and_ends_likewise(
    sockets: Sockets, hidden: dict[int, set[int]]
) -> None:
    hidden.clear()
    muting, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    inbox = muting.pushes
    await muting.subscribe("talk")
    assert await until_it_says(muting, HIDDEN) == 1
    hidden[1] = {HIDDEN}
    await changed(by=1)
    assert (await muting.push())["channel"] == "inbox:1"
    assert await until_it_says(muting, None)
    del hidden[1]
    await changed(by=1)
    assert (await muting.push())["channel"] == "inbox:1"
    assert await until_it_says(muting, HIDDEN)
    assert not inbox and not other.pushes


async def test_the_recheck_learns_of_a_block_that_no_event_told(
    hub: Hub, sockets: Sockets, hidden: dict[int, set[int]]
) -> None:
    hidden.clear()
    blocking = await sockets.open(token="token-1")
    await blocking.subscribe("talk")
    hidden[1] = {HIDDEN}
    await hub.rechecks.people(tuple(hub.connections))
    await announce(*await store("talk", 1, **said(HIDDEN)))
    assert await heard(blocking, 1) == without(HIDDEN, HIDDEN)


async def test_a_question_that_fails_is_asked_again(
    sockets: Sockets, hidden: dict[int, set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, failed = channels.hidden_actors, threading.Event()

    def away_once(user_ids: Collection[int]) -> Any:
        if not failed.is_set():
            failed.set()
            raise OperationalError("server closed the connection")
        return answer(user_ids)

    hidden.clear()
    muting = await sockets.open(token="token-1")
    await muting.subscribe("talk")
    monkeypatch.setattr("realtime.rights.hidden_actors", away_once)
    hidden[1] = {HIDDEN}
    await changed(by=1)
    assert (await muting.push())["channel"] == "inbox:1"
    await asyncio.to_thread(failed.wait, 30)
    assert await until_it_says(muting, None)


async def test_an_answer_that_was_overtaken_does_not_count(
    hub: Hub, sockets: Sockets, hidden: dict[int, set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked, go_on = channels.hidden_actors, threading.Event(), threading.Event()

    def slow_at_first(user_ids: Collection[int]) -> Any:
        found = answer(user_ids)
        if not asked.is_set():
            asked.set()
            assert go_on.wait(30)
        return found

    hidden.clear()
    muting = await sockets.open(token="token-1")
    await muting.subscribe("talk")
    monkeypatch.setattr("realtime.rights.hidden_actors", slow_at_first)
    before = asyncio.create_task(hub.rechecks.people(tuple(hub.connections)))
    await asyncio.to_thread(asked.wait, 30)
    hidden[1] = {HIDDEN}
    await hub.rechecks.people(tuple(hub.connections))
    go_on.set()
    await before
    await announce(*await store("talk", 1, **said(HIDDEN)))
    assert await heard(muting, 1) == without(HIDDEN, HIDDEN)


async def test_who_leaves_a_channel_and_comes_back_hides_as_before(sockets: Sockets) -> None:
    hiding, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    await other.subscribe("talk")
    await hiding.subscribe("talk")
    await hiding.command("unsubscribe", channel="talk")
    await hiding.subscribe("talk")
    await announce(*await store("talk", 1, **said(HIDDEN)))
    assert await heard(hiding, 1) == without(HIDDEN, HIDDEN)
    assert await heard(other, 1) == in_full(HIDDEN)
