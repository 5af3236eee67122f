"""An event that may change who reads is the last before the right was checked again: live, filled and recovered."""

import asyncio
import threading
import time
from collections.abc import Callable, Collection

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from realtime import waiting
from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.events import Reauthorize
from realtime.hub import Hub
from realtime.models import StreamEvent
from realtime.positions import current_epoch
from tests.realtime.conftest import Sockets, Streams
from tests.realtime.sample_events import said
from tests.realtime.sockets import Socket
from tests.realtime.streams import announce, store

# (channel key, user)
MEMBERS: set[tuple[str, int | None]] = set()
HIDDEN = 7


class Authorizer:
    """Answers when it may; counts its questions about what follows a fence."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Event()
        self.failures = 0

    def __call__(self, key: str, user_ids: Collection[int | None]) -> set[int | None]:
        # As they are when it is asked: an answer may be old when it arrives.
        allowed = {user_id for user_id in user_ids if (key, user_id) in MEMBERS}
        if not self.may_answer.is_set():
            self.asked.set()
            assert self.may_answer.wait(30)
        if self.failures:
            self.failures -= 1
            self.asked.set()
            raise OperationalError("server closed the connection")
        return allowed

    async def until_asked(self) -> None:
        await asyncio.to_thread(self.asked.wait, 30)


@pytest.fixture
def authorizer() -> Authorizer:
    return Authorizer()


@pytest.fixture(autouse=True)
def channels_of_the_tests(
    namespaces: dict[str, object], people: dict[str, Identity], hidden: dict[int, set[int]], authorizer: Authorizer
) -> None:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("talk", authorize=everyone, description="Talk")
    register_namespace("club", authorize=authorizer, description="Members only")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    MEMBERS.clear()
    MEMBERS.update((key, user_id) for key in ("a", "b") for user_id in (1, 2, None))
    for number in (1, 2):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


async def offsets(socket: Socket) -> list[int | None]:
    """The offsets of all pushes so far; None for an unsubscribe push."""
    await socket.command("ping")
    found = [push["pub"]["offset"] if "pub" in push else None for push in socket.pushes]
    socket.pushes.clear()
    return found


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (the hub tells nobody)
        await asyncio.sleep(0.005)


async def test_what_follows_waits_for_the_answer_and_other_channels_do_not(
    sockets: Sockets, authorizer: Authorizer
) -> None:
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (leaver, member):
        await socket.subscribe("club:a")
        await socket.subscribe("news")
    MEMBERS.discard(("a", 1))
    authorizer.may_answer.clear()
    events = await store("club:a", 3)
    await announce(events[0], reauthorize=Reauthorize.READERS)
    await announce(*events[1:])
    await authorizer.until_asked()
    await announce(*await store("news", 1))
    for socket in (leaver, member):
        assert [(await socket.push())["channel"] for _ in range(2)] == ["club:a", "news"]
        assert await offsets(socket) == []
    authorizer.may_answer.set()
    assert await member.offsets(2) == [2, 3]
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert await offsets(leaver) == []
    await announce(*await store("club:a", 1))
    assert await member.offsets(1) == [4]


async def test_the_fence_stands_in_the_middle_of_a_message(hub: Hub, sockets: Sockets, authorizer: Authorizer) -> None:
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (leaver, member):
        await socket.subscribe("club:a")
    MEMBERS.discard(("a", 1))
    first, flagged, last = await store("club:a", 3)
    flagged_numbers = [Reauthorize.NOBODY, Reauthorize.READERS, Reauthorize.NOBODY]
    await announce(first, flagged, last, reauthorize=flagged_numbers)
    assert await member.offsets(3) == [1, 2, 3]
    assert await leaver.offsets(2) == [1, 2]
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert await offsets(leaver) == []


@pytest.mark.parametrize("count", [2, 5])
async def test_what_only_the_store_brings_stops_there_too(sockets: Sockets, count: int) -> None:
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (leaver, member):
        await socket.subscribe("club:a")
    MEMBERS.discard(("a", 1))
    # Of a type that this process does not know: each may take anything away.
    await store("club:a", count)
    assert await member.offsets(count) == list(range(1, count + 1))
    assert await leaver.offsets(1) == [1]
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert await offsets(leaver) == []


async def test_an_event_stream_stops_there_too(streams: Streams, authorizer: Authorizer) -> None:
    leaver, member = await streams.open("club:a", token="token-1"), await streams.open("club:a", token="token-2")
    MEMBERS.discard(("a", 1))
    first, second = await store("club:a", 2)
    await announce(first, second, reauthorize=[Reauthorize.READERS, Reauthorize.NOBODY])
    assert await member.offsets(2) == [1, 2]
    assert [event.name for event in await leaver.ended()] == ["message", "unsubscribed"]


async def test_each_fence_needs_an_answer_of_its_own(sockets: Sockets, authorizer: Authorizer) -> None:
    reader = await sockets.open(token="token-1")
    await reader.subscribe("club:a")
    first, second, third, fourth = await store("club:a", 4)
    authorizer.may_answer.clear()
    await announce(first, second, reauthorize=[Reauthorize.READERS, Reauthorize.NOBODY])
    await authorizer.until_asked()
    # Under way is the answer from before this one.
    MEMBERS.discard(("a", 1))
    await announce(third, fourth, reauthorize=[Reauthorize.READERS, Reauthorize.NOBODY])
    await reader.command("ping")
    authorizer.may_answer.set()
    assert await reader.offsets(3) == [1, 2, 3]
    assert (await reader.push())["unsubscribe"]["code"] == 2000
    assert await offsets(reader) == []


async def test_a_question_that_fails_is_asked_again_and_what_follows_waits(
    sockets: Sockets, authorizer: Authorizer
) -> None:
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (leaver, member):
        await socket.subscribe("club:a")
    MEMBERS.discard(("a", 1))
    authorizer.failures = 2
    await announce(*await store("club:a", 2), reauthorize=[Reauthorize.READERS, Reauthorize.NOBODY])
    assert await member.offsets(1) == [1]
    await authorizer.until_asked()
    assert await offsets(member) == []
    assert await member.offsets(1) == [2]
    assert not authorizer.failures
    assert await leaver.offsets(1) == [1]
    assert (await leaver.push())["unsubscribe"]["code"] == 2000
    assert await offsets(leaver) == []


async def test_more_than_may_wait_costs_the_position_and_not_the_right_to_come_back(
    sockets: Sockets, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_EVENTS", 5)
    reader = await sockets.open(token="token-1")
    await reader.subscribe("club:a")
    authorizer.may_answer.clear()
    await announce(*await store("club:a", 1), reauthorize=Reauthorize.READERS)
    await authorizer.until_asked()
    for _ in range(6):
        await announce(*await store("club:a", 1))
    assert await reader.offsets(1) == [1]
    assert (await reader.push())["unsubscribe"]["code"] == 2500
    authorizer.may_answer.set()
    epoch = await sync_to_async(current_epoch)()
    again = await reader.subscribe("club:a", recover=True, epoch=epoch, offset=1)
    assert [publication["offset"] for publication in again["publications"]] == list(range(2, 8))


async def test_a_recovery_brings_nothing_that_lies_behind_the_loss(sockets: Sockets, authorizer: Authorizer) -> None:
    """The right is looked up before the event that takes it away, and the store is read after it."""
    member, leaver = await sockets.open(token="token-2"), await sockets.open(token="token-1")
    await member.subscribe("club:a")
    authorizer.may_answer.clear()
    epoch = await sync_to_async(current_epoch)()
    asking = asyncio.create_task(leaver.command("subscribe", channel="club:a", recover=True, epoch=epoch, offset=0))
    await authorizer.until_asked()
    MEMBERS.discard(("a", 1))
    await announce(*await store("club:a", 2), reauthorize=[Reauthorize.READERS, Reauthorize.NOBODY])
    assert await member.offsets(1) == [1]
    authorizer.may_answer.set()
    assert (await asking)["error"]["code"] == 103
    assert await member.offsets(1) == [2]


async def test_history_brings_nothing_that_lies_behind_the_loss(sockets: Sockets, authorizer: Authorizer) -> None:
    leaver = await sockets.open(token="token-1")
    authorizer.may_answer.clear()
    asking = asyncio.create_task(leaver.command("history", channel="club:a", limit=-1))
    await authorizer.until_asked()
    MEMBERS.discard(("a", 1))
    await store("club:a", 2)
    authorizer.may_answer.set()
    assert (await asking)["error"]["code"] == 103


# --- A user's own rights, which are told on another channel ------------------------------------------------


async def numbered_before(channel: str, event: StreamEvent) -> int:
    """Stores an event on `channel` at the position of `event`, which moves on by one. Returns that position."""
    position = event.position
    assert position is not None
    await sync_to_async(StreamEvent.objects.filter(pk=event.pk).update)(position=position + 1)
    event.position = position + 1
    data = {"type": "test.happened"}
    await sync_to_async(StreamEvent.objects.create)(
        channel=channel, type="test.happened", data=data, offset=1, position=position
    )
    return position


@pytest.mark.parametrize("brought_by", ["bus", "store"])
async def test_what_was_numbered_after_a_loss_waits_for_it_though_it_arrives_first(
    hub: Hub, sockets: Sockets, brought_by: str
) -> None:
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (leaver, member):
        await socket.subscribe("club:a")
    (comment,) = await store("club:a", 1, type="test.said", at="now", actor=None, words="", word_count=0)
    MEMBERS.discard(("a", 1))
    loss = await numbered_before("inbox:1", comment)
    if brought_by == "bus":
        await announce(comment, control=loss)
    assert await member.offsets(1) == [1]
    pushes = [await leaver.push() for _ in range(2)]
    assert {push["channel"]: push.get("unsubscribe", {}).get("code") for push in pushes} == {
        "inbox:1": None,
        "club:a": 2000,
    }
    assert await offsets(leaver) == []


async def test_a_control_message_reaches_a_hub_before_the_inbox_is_read(hub: Hub, sockets: Sockets) -> None:
    """With a gap on the inbox, its event cannot be delivered yet, and counts all the same."""
    leaver, member = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (leaver, member):
        await socket.subscribe("club:a")
    MEMBERS.discard(("a", 1))
    _lost, loss = await store("inbox:1", 2, type="test.said", at="now", actor=None, words="", word_count=0)
    await announce(loss, reauthorize=Reauthorize.PERSON, control=0)
    await announce(*await store("club:a", 1, type="test.said", at="now", actor=None, words="", word_count=0))
    assert await member.offsets(1) == [1]
    channels = [(await leaver.push())["channel"] for _ in range(3)]
    assert sorted(channels) == ["club:a", "inbox:1", "inbox:1"]
    assert await offsets(leaver) == []


async def test_a_mute_holds_for_the_very_next_event(sockets: Sockets, hidden: dict[int, set[int]]) -> None:
    muting, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (muting, other):
        await socket.subscribe("talk")
    for run in range(20):
        hidden[1] = {HIDDEN} if run % 2 == 0 else set()
        await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
        await announce(*await store("talk", 1, **said(HIDDEN)))
        assert (await muting.push())["channel"] == "inbox:1"
        words = (await muting.push())["pub"]["data"]["words"]
        assert words == (None if run % 2 == 0 else "Good soup!")
        assert (await other.push())["pub"]["data"]["words"] == "Good soup!"


async def test_the_end_of_a_session_is_the_last_that_its_sockets_receive(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    people["other"] = Identity(1, "session-other", time.time() + 900)
    ended, staying = await sockets.open(token="token-1"), await sockets.open(token="other")
    for socket in (ended, staying):
        await socket.subscribe("news")
    del people["token-1"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    await announce(*await store("news", 1))
    assert (await ended.closed()).code == 3503
    assert [push["channel"] for push in ended.pushes] == ["inbox:1"]
    assert [(await staying.push())["channel"] for _ in range(2)] == ["inbox:1", "news"]


async def test_the_users_channels_are_asked_about_apart(sockets: Sockets) -> None:
    """A table that is locked holds up its own channels, and nobody but those whom the event concerns."""
    lock, locked = threading.Event(), threading.Event()

    def hung(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        if locked.is_set():
            assert lock.wait(30)
        return set(user_ids)

    register_namespace("locked", authorize=hung, description="Its table is locked")
    reader, other = await sockets.open(token="token-1"), await sockets.open(token="token-2")
    for socket in (reader, other):
        await socket.subscribe("locked:1")
        await socket.subscribe("club:a")
    locked.set()
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
    for channel in ("locked:1", "club:a"):
        await announce(*await store(channel, 1))
    assert [(await other.push())["channel"] for _ in range(2)] == ["locked:1", "club:a"]
    assert [(await reader.push())["channel"] for _ in range(2)] == ["inbox:1", "club:a"]
    lock.set()
    assert (await reader.push())["channel"] == "locked:1"
