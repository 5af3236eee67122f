"""What a client missed comes back, in order and once, or it is told that it cannot."""

import asyncio
import random
import threading
from collections.abc import Collection
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, transaction
from django.utils import timezone

from realtime import hub as hub_module
from realtime import recovery
from realtime import store as event_store
from realtime.channels import everyone, register_namespace
from realtime.hub import Hub
from realtime.models import StreamEvent
from realtime.positions import current_epoch, read_heads, start_epoch
from realtime.protocol import Position
from realtime.retention import trim
from tests.realtime.conftest import Sockets
from tests.realtime.sockets import Closed
from tests.realtime.streams import announce, store, store_now


@pytest.fixture(autouse=True)
def public_channel(namespaces: dict[str, object]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")


async def epoch() -> str:
    return await sync_to_async(current_epoch)()


async def test_a_new_subscriber_stands_at_the_head_and_gets_what_comes_after(sockets: Sockets) -> None:
    await store("news", 3)
    client = await sockets.open()
    result = await client.subscribe("news")
    assert result == {"recoverable": True, "positioned": True, "epoch": await epoch(), "offset": 3}
    await announce(*await store("news", 2))
    assert await client.offsets(2) == [4, 5]


async def test_what_was_missed_comes_in_the_reply_and_the_rest_follows(sockets: Sockets) -> None:
    await store("news", 5)
    client = await sockets.open()
    result = await client.subscribe("news", recover=True, epoch=await epoch(), offset=2)
    assert result["recovered"] and result["was_recovering"]
    assert [pub["offset"] for pub in result["publications"]] == [3, 4, 5]
    assert result["publications"][0]["data"] == {"type": "test.happened", "number": 3}
    await announce(*await store("news", 1))
    assert await client.offsets(1) == [6]


async def test_a_client_that_missed_nothing_is_recovered_with_nothing(sockets: Sockets) -> None:
    await store("news", 2)
    client = await sockets.open()
    result = await client.subscribe("news", recover=True, epoch=await epoch(), offset=2)
    assert result["recovered"] and result["publications"] == []


async def test_500_missed_events_come_whole_whatever_the_pages_of_the_store(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "PAGE", 70)
    await store("news", 501)
    client = await sockets.open()
    result = await client.subscribe("news", recover=True, epoch=await epoch(), offset=1)
    assert result["recovered"]
    assert [pub["offset"] for pub in result["publications"]] == list(range(2, 502))
    await announce(*await store("news", 1))
    assert await client.offsets(1) == [502]


async def test_who_was_away_longer_than_events_are_kept_is_told_so_and_who_was_not_gets_them(sockets: Sockets) -> None:
    await store("news", 10)
    await sync_to_async(trim)(before=timezone.now() - timedelta(days=1), keep=4)
    long, short = await sockets.open(), await sockets.open()
    result = await long.subscribe("news", recover=True, epoch=await epoch(), offset=5)
    assert not result["recovered"] and result["offset"] == 10
    result = await short.subscribe("news", recover=True, epoch=await epoch(), offset=6)
    assert result["recovered"] and [pub["offset"] for pub in result["publications"]] == [7, 8, 9, 10]


@pytest.mark.parametrize("case", ["other epoch", "ahead of the store", "trimmed", "too many"])
async def test_a_client_that_cannot_be_recovered_is_told_so(
    sockets: Sockets, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store("news", 9)
    position = {"epoch": await epoch(), "offset": 4}
    if case == "other epoch":
        position["epoch"] = "another"
    elif case == "ahead of the store":
        position["offset"] = 10
    elif case == "trimmed":
        await StreamEvent.objects.filter(offset__lte=5).adelete()
    else:
        monkeypatch.setattr(recovery, "LIMIT", 4)
    client = await sockets.open()
    result = await client.subscribe("news", recover=True, **position)
    assert result["was_recovering"] and not result["recovered"] and result["publications"] == []
    assert (result["epoch"], result["offset"]) == (await epoch(), 9)


async def test_a_gap_on_the_bus_is_filled_from_the_store(sockets: Sockets) -> None:
    client = await sockets.open()
    await client.subscribe("news")
    first, _lost, third = await store("news", 3)
    await announce(first)
    await announce(third)
    assert await client.offsets(3) == [1, 2, 3]


async def test_what_the_bus_lost_at_the_end_comes_from_the_store(sockets: Sockets) -> None:
    client = await sockets.open()
    await client.subscribe("news")
    await store("news", 3)
    assert await client.offsets(3) == [1, 2, 3]


async def test_what_the_bus_brings_twice_or_late_is_delivered_once(sockets: Sockets) -> None:
    client = await sockets.open()
    await client.subscribe("news")
    events = await store("news", 3)
    await announce(*events)
    await announce(*events[1:])
    await announce(events[0])
    await announce(*await store("news", 1))
    assert await client.offsets(4) == [1, 2, 3, 4]


async def test_subscribing_while_events_are_published_misses_none_and_repeats_none(sockets: Sockets) -> None:
    chance = random.Random(7)
    done = asyncio.Event()

    async def publish() -> None:
        for _ in range(60):
            events = await store("news", chance.randint(1, 3))
            # Some reach the bus, some only the store.
            if chance.random() < 0.7:
                await announce(*events)
        done.set()

    publishing = asyncio.create_task(publish())
    clients = []
    while not done.is_set():
        client = await sockets.open()
        result = await client.subscribe("news", recover=True, epoch=await epoch(), offset=0)
        assert result["recovered"]
        clients.append((client, [pub["offset"] for pub in result["publications"]]))
    await publishing
    head = await StreamEvent.objects.filter(channel="news").acount()
    for client, seen in clients:
        seen += await client.offsets(head - len(seen))
        assert seen == list(range(1, head + 1))
    assert len(clients) > 1


async def test_a_restored_database_sends_every_client_back_to_reading(hub: Hub, sockets: Sockets) -> None:
    client = await sockets.open()
    await client.subscribe("news")
    await sync_to_async(start_epoch)()
    closed = await client.closed()
    assert closed.code == 3010
    again = await sockets.open()
    assert (await again.subscribe("news"))["epoch"] == await epoch()


@pytest.mark.parametrize(("by_bus", "others"), [(False, 0), (False, 1), (False, 4), (True, 0), (True, 1)])
async def test_a_store_that_has_lost_what_was_delivered_begins_a_new_epoch_by_itself(
    hub: Hub, sockets: Sockets, by_bus: bool, others: int
) -> None:
    """Whether its head is below what was seen, or other events have those offsets by now."""
    before = await epoch()
    client = await sockets.open()
    await client.subscribe("news")
    # It does not read that it was closed, so its topic stays open.
    await (await sockets.open()).subscribe("news")
    await store("news", 1)
    assert await client.offsets(1) == [1]
    events = await store("news", 3)
    if by_bus:
        await announce(*events)
    # Else the hub has read them.
    assert await client.offsets(3) == [2, 3, 4]
    await lose_and_store("news", lost=3, others=others)
    assert (await client.closed()).code == 3010
    assert await epoch() != before
    again = await sockets.open()
    result = await again.subscribe("news", recover=True, epoch=before, offset=4)
    assert not result["recovered"] and (result["epoch"], result["offset"]) == (await epoch(), 1 + others)
    await store("news", 1)
    assert await again.offsets(1) == [2 + others]
    # Once, however many servers have seen it.
    assert await sync_to_async(start_epoch)(instead_of=before) == result["epoch"]


@sync_to_async
def lose_and_store(channel: str, *, lost: int, others: int) -> None:
    """The database loses its last LOST events and gets OTHERS in their place, in one moment."""
    with transaction.atomic():
        head = read_heads([channel])[channel]
        StreamEvent.objects.filter(channel=channel, offset__gt=head - lost).delete()
        store_now(channel, others, lost=False)


async def test_nobody_is_recovered_between_a_new_epoch_and_the_hubs_look_at_it(hub: Hub, sockets: Sockets) -> None:
    """The standby that was promoted lacks two events, and a relay has given their offsets to others already."""
    await store("news", 4)
    before = {"epoch": await epoch(), "offset": 4}
    first = await sockets.open()
    await first.subscribe("news")
    returning = await sockets.open()

    @sync_to_async
    def promote() -> None:
        with transaction.atomic():
            start_epoch()
            StreamEvent.objects.filter(offset__gt=2).delete()
            store_now("news", 3)

    await promote()
    reply = asyncio.create_task(returning.command("subscribe", channel="news", recover=True, **before))
    with pytest.raises(Closed) as closed:
        assert not (await reply)["subscribe"]["recovered"]
        await returning.push()
    assert closed.value.code == 3010


async def test_readers_that_retention_has_overtaken_subscribe_again_and_are_told(hub: Hub, sockets: Sockets) -> None:
    client = await sockets.open()
    before = await client.subscribe("news")
    events = await store("news", 5)
    await StreamEvent.objects.filter(offset__lte=3).adelete()
    await announce(events[-1])
    assert (await client.push())["unsubscribe"] == {"code": 2500, "reason": "events are missing: subscribe again"}
    again = await client.subscribe("news", recover=True, epoch=before["epoch"], offset=before["offset"])
    assert not again["recovered"] and again["offset"] == 5
    await announce(*await store("news", 1))
    assert await client.offsets(1) == [6]


async def test_who_is_subscribing_when_retention_overtakes_the_channel_connects_anew(
    hub: Hub, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovering, go_on = asyncio.Event(), asyncio.Event()

    async def slow(channel: str, since: Position, *, epoch: str, head: int) -> list[event_store.StoredEvent] | None:
        recovering.set()
        await go_on.wait()
        return []

    monkeypatch.setattr(hub_module, "missed_events", slow)
    client = await sockets.open()
    client.send(f'{{"id":50,"subscribe":{{"channel":"news","recover":true,"epoch":"{await epoch()}"}}}}')
    await recovering.wait()
    events = await store("news", 5)
    await StreamEvent.objects.filter(offset__lte=3).adelete()
    await announce(events[-1])
    assert (await client.closed()).code == 3010
    go_on.set()
    assert not client.pushes


async def test_an_event_that_comes_while_the_head_is_read_is_not_lost(
    hub: Hub, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on = threading.Event(), threading.Event()

    def head_of_long_ago(channels: Collection[str]) -> dict[str, int]:
        heads = read_heads(channels)
        read.set()
        assert go_on.wait(30)
        return heads

    monkeypatch.setattr(hub_module, "read_heads", head_of_long_ago)
    client = await sockets.open()
    subscribing = asyncio.create_task(client.subscribe("news"))
    await asyncio.to_thread(read.wait, 30)
    await announce(*await store("news", 1))
    # The hub has seen it on the bus, and its look at the store has gone past it too.
    while hub._monitor.marker is None or hub._monitor.marker.position < 1:  # noqa: ASYNC110 (the hub tells nobody)
        await asyncio.sleep(0.01)
    go_on.set()
    assert (await subscribing)["offset"] == 1


async def test_a_gap_that_could_not_be_filled_is_filled_at_the_next_look(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def away_once(channel: str, offset: int, up_to: int | None = None) -> list[event_store.StoredEvent]:
        if not failed.is_set():
            failed.set()
            raise OperationalError("server closed the connection")
        return event_store.events_after(channel, offset, up_to)

    client = await sockets.open()
    await client.subscribe("news")
    monkeypatch.setattr(hub_module, "events_after", away_once)
    await store("news", 2)
    assert await client.offsets(2) == [1, 2]
    assert failed.is_set()


async def test_more_bytes_than_a_recovery_may_bring_are_not_recovered(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "LIMIT_BYTES", 1000)
    await store("news", 3, filling="x" * 500)
    client = await sockets.open()
    assert not (await client.subscribe("news", recover=True, epoch=await epoch(), offset=0))["recovered"]
    await client.command("unsubscribe", channel="news")
    assert (await client.subscribe("news", recover=True, epoch=await epoch(), offset=2))["recovered"]
