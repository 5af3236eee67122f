"""`/api/events/`: what a stream carries, and how it goes on after an interruption."""

import asyncio
import time
from typing import Any

import pytest

from realtime import event_sink, sse
from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.hub import Hub
from realtime.positions import current_epoch
from tests.realtime.conftest import Streams, in_thread
from tests.realtime.sample_events import said
from tests.realtime.streams import announce, store


@pytest.fixture(autouse=True)
def channels_and_people(
    namespaces: dict[str, object], people: dict[str, Identity], hidden: dict[int, set[int]]
) -> None:
    for name in ("news", "talk", "sports"):
        register_namespace(name, authorize=everyone, description="Public")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    register_namespace("feed", authorize=only_that_person, description="Hints", server_side=True, recoverable=False)
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


async def test_events_arrive_with_channel_offset_and_data(streams: Streams) -> None:
    reader = await streams.open("news")
    assert reader.headers["content-type"] == "text/event-stream"
    await announce(*await store("news", 1, words="hello"))
    event = await reader.event()
    assert event.name == "message"
    assert event.data == {
        "channel": "news",
        "offset": 1,
        "data": {"type": "test.happened", "number": 1, "words": "hello"},
    }
    assert reader.retry >= 1000


async def test_one_stream_follows_several_channels(streams: Streams) -> None:
    reader = await streams.open("news", "talk", "news")
    await announce(*await store("talk", 1))
    await announce(*await store("news", 2))
    await announce(*await store("sports", 1))
    await announce(*await store("talk", 1))
    found = await reader.publications(4)
    # Channels are in order, each for itself.
    assert [offset for channel, offset in found if channel == "talk"] == [1, 2]
    assert [offset for channel, offset in found if channel == "news"] == [1, 2]


async def test_what_was_missed_comes_first_and_once_on_every_channel(streams: Streams) -> None:
    reader = await streams.open("news", "talk")
    await announce(*await store("news", 1))
    last = await reader.event()
    await reader.leave()
    await store("news", 2)
    await store("talk", 1)
    back = await streams.open("news", "talk", last_event_id=last.id)
    await announce(*await store("news", 1))
    assert sorted(await back.publications(4)) == [("news", 2), ("news", 3), ("news", 4), ("talk", 1)]


async def test_who_leaves_before_any_event_misses_nothing_either(streams: Streams) -> None:
    await store("news", 5)
    reader = await streams.open("news")
    await reader.leave()
    await store("news", 1)
    assert await (await streams.open("news", last_event_id=reader.id)).offsets(1) == [6]


async def test_the_id_may_come_in_the_query_and_the_header_counts_more(streams: Streams) -> None:
    await store("news", 3)
    epoch = await in_thread(current_epoch)
    query = [("last_event_id", f"1;{epoch};news=2")]
    assert await (await streams.open("news", query=query)).offsets(1) == [3]
    both = await streams.open("news", query=query, last_event_id=f"1;{epoch};news=1")
    assert await both.offsets(2) == [2, 3]


async def test_a_channel_that_is_new_in_the_address_starts_now_and_the_others_recover(streams: Streams) -> None:
    reader = await streams.open("news")
    await reader.leave()
    await store("talk", 3)
    await store("news", 1)
    more = await streams.open("talk", "news", last_event_id=reader.id)
    await announce(*await store("talk", 1))
    assert sorted(await more.publications(2)) == [("news", 1), ("talk", 4)]


@pytest.mark.parametrize(
    "given",
    ["1;another;news=1", "1;{epoch};news=77", "0;x", "x", "1;{epoch};news=", "1;{epoch};news=1e3", "1;{epoch};=1", "é"],
)
async def test_an_id_that_leads_nowhere_is_a_reset_and_the_stream_goes_on(streams: Streams, given: str) -> None:
    await store("news", 2)
    reader = await streams.open("news", last_event_id=given.format(epoch=await in_thread(current_epoch)))
    reset = await reader.event()
    assert (reset.name, reset.data) == ("reset", {"channel": "news", "offset": 2})
    await announce(*await store("news", 1))
    assert await reader.offsets(1) == [3]


async def test_a_stream_cut_off_in_the_middle_of_its_recovery_still_owes_the_rest(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_sink, "MAX_BUFFERED", 100)
    await store("news", 1)
    await store("talk", 1)
    first = streams.begin("news", "talk", "sports", last_event_id=f"1;{await in_thread(current_epoch)};news=0,talk=0")
    await first.opened()
    assert await first.publications(1) == [("news", 1)]
    cut_off = first.id
    assert cut_off.endswith("news=1,talk=0")
    await first.leave()
    again = await streams.open("news", "talk", "sports", last_event_id=cut_off)
    assert await again.publications(1) == [("talk", 1)]
    # The same of a reset that was not told.
    assert (await (await streams.open("news", "talk", last_event_id="1;other;news=0,talk=0")).event()).id.endswith(
        "talk=-"
    )


async def test_an_id_with_a_dash_is_a_reset(streams: Streams) -> None:
    reader = await streams.open("news", last_event_id=f"1;{await in_thread(current_epoch)};news=-")
    assert (await reader.event()).name == "reset"


async def test_hints_come_without_an_offset_and_a_return_is_a_reset(
    hub: Hub, streams: Streams, people: dict[str, Identity]
) -> None:
    reader = await streams.open("feed:1", token="token-1")
    hub.topics["feed:1"].hint(b'{"type":"post.published"}')
    event = await reader.event()
    assert event.data == {"channel": "feed:1", "data": {"type": "post.published"}}
    await reader.leave()
    back = await streams.open("feed:1", token="token-1", last_event_id=event.id)
    reset = await back.event()
    assert (reset.name, reset.data) == ("reset", {"channel": "feed:1"})


async def test_the_inbox_is_sent_to_those_who_ask_for_it_and_only_to_them(streams: Streams) -> None:
    asking = await streams.open("inbox:1", "news", token="token-1")
    other = await streams.open("news", token="token-1")
    await announce(*await store("inbox:1", 1))
    await announce(*await store("news", 1))
    assert sorted(await asking.publications(2)) == [("inbox:1", 1), ("news", 1)]
    assert await other.publications(1) == [("news", 1)] and not other.events


async def test_the_hidden_are_hidden_live_and_in_recovery(streams: Streams, hidden: dict[int, set[int]]) -> None:
    hidden[1] = {7}
    await store("talk", 1, **said(7))
    start = f"1;{await in_thread(current_epoch)};talk=0"
    hiding = await streams.open("talk", token="token-1", last_event_id=start)
    whole = await streams.open("talk", token="token-2", last_event_id=start)
    await announce(*await store("talk", 1, **said(7)))

    def seen(data: dict[str, Any]) -> tuple[int, bool, str | None]:
        return data["offset"], data["data"]["actor"] is not None, data["data"]["words"]

    assert [seen((await hiding.event()).data) for _ in range(2)] == [(1, False, None), (2, False, None)]
    assert [seen((await whole.event()).data) for _ in range(2)] == [(1, True, "Good soup!"), (2, True, "Good soup!")]


async def test_a_quiet_stream_is_kept_alive(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_SECONDS", 0.01)
    reader = await streams.open("news")
    while reader.comments < 3:
        assert await reader._read()
    assert not reader.events


async def test_a_gap_on_the_bus_is_filled_from_the_store(streams: Streams) -> None:
    reader = await streams.open("news")
    _, second = await store("news", 2)
    await announce(second)
    assert await reader.offsets(2) == [1, 2]


async def test_who_hangs_up_is_forgotten(hub: Hub, streams: Streams) -> None:
    reader = await streams.open("news", token="token-1")
    assert len(hub.connections) == 1 and hub.sockets_of_user == {1: 1}
    await reader.leave()
    assert not hub.connections and not hub.sockets_of_user and not hub.sockets_of_address and not hub.topics


async def test_who_does_not_read_is_dropped_and_nobody_waits(hub: Hub, streams: Streams) -> None:
    stalled, reader = await streams.open("news"), await streams.open("news")
    stalled.reading.clear()
    for _ in range(40):
        await announce(*await store("news", 1, filling="x" * 10_000))
    assert await reader.offsets(40) == list(range(1, 41))
    await asyncio.wait_for(asyncio.wait({stalled.task}), 15)
    # The answer is cut off, so that nobody takes it for one that has ended.
    assert "too slow" in str(stalled.task.exception())
    assert len(hub.connections) == 1


async def test_a_long_recovery_is_no_slowness(streams: Streams) -> None:
    await store("news", 60, filling="x" * 10_000)
    reader = streams.begin("news", last_event_id=f"1;{await in_thread(current_epoch)};news=0")
    await reader.opened()
    reader.reading.clear()
    await announce(*await store("news", 1))
    reader.reading.set()
    assert await reader.offsets(61) == list(range(1, 62))
