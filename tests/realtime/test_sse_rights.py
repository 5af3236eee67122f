"""Who may follow what by `/api/events/`, and what ends it: as on sockets."""

import asyncio
import time
from collections.abc import Collection

import pytest
from django.db import OperationalError

from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.events import Reauthorize
from realtime.hub import Hub, current_hub
from realtime.positions import read_heads
from realtime.protocol import PING, Close
from tests.realtime.conftest import Streams, in_thread
from tests.realtime.sample_events import said
from tests.realtime.streams import announce, store

MEMBERS: set[int | None] = set()


def members(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    return MEMBERS & set(user_ids)


@pytest.fixture(autouse=True)
def channels_of_the_tests(
    namespaces: dict[str, object], people: dict[str, Identity], hidden: dict[int, set[int]]
) -> None:
    register_namespace("talk", authorize=everyone, description="Public")
    register_namespace("club", authorize=members, description="Members only")
    register_namespace("secret", description="Internal", internal=True)
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    MEMBERS.clear()
    MEMBERS.update({1, 2})
    for number in (1, 2, 3):
        people[f"token-{number}"] = Identity(number, f"session-{number}", time.time() + 900)


@pytest.mark.parametrize(
    ("channels", "token", "status", "code"),
    [
        (["talk"], "", 200, ""),
        (["club:1"], "token-1", 200, ""),
        (["inbox:1"], "token-1", 200, ""),
        (["talk"], "no such token", 401, "token_invalid"),
        (["inbox:1"], "", 401, "unauthenticated"),
        (["inbox:1"], "token-2", 403, "forbidden"),
        (["club:1"], "", 404, "not_found"),
        (["talk", "club:1"], "token-3", 404, "not_found"),
        (["talk:1"], "", 404, "not_found"),
        (["secret:1"], "token-1", 404, "unknown_channel"),
        (["weather"], "token-1", 404, "unknown_channel"),
        (["talk\nid: 7"], "", 404, "unknown_channel"),
        (["x" * 100], "", 404, "unknown_channel"),
        ([], "", 400, "invalid"),
        ([""], "", 400, "invalid"),
    ],
)
async def test_each_reader_gets_what_they_may_and_else_a_problem(
    hub: Hub, streams: Streams, channels: list[str], token: str, status: int, code: str
) -> None:
    reader = await streams.begin(*channels, token=token).opened()
    assert reader.status == status
    if status != 200:
        problem = await reader.problem()
        assert (problem["status"], problem["code"]) == (status, code)
        assert not hub.connections and not hub.sockets_of_address
    if status == 401:
        assert reader.headers["www-authenticate"].startswith("Bearer")
    if status == 400:
        assert "channel" in problem["errors"]


async def test_a_token_in_the_address_signs_nobody_in(streams: Streams) -> None:
    for name in ("token", "access_token", "authorization"):
        reader = await streams.begin("inbox:1", query=[(name, "token-1")]).opened()
        assert reader.status == 401


async def test_who_is_no_longer_allowed_gets_the_event_that_says_so_and_then_nothing(streams: Streams) -> None:
    leaver, member = (
        await streams.open("club:1", "talk", token="token-1"),
        await streams.open("club:1", token="token-2"),
    )
    MEMBERS.discard(1)
    await announce(*await store("club:1", 1), reauthorize=Reauthorize.READERS)
    assert await leaver.offsets(1) == [1]
    ended = await leaver.event()
    assert (ended.name, ended.data["channel"], ended.data["code"]) == ("unsubscribed", "club:1", 2000)
    await announce(*await store("club:1", 1))
    assert await member.offsets(2) == [1, 2]
    # The rest of the stream goes on.
    await announce(*await store("talk", 1))
    assert await leaver.publications(1) == [("talk", 1)]


async def test_a_stream_that_has_lost_its_only_channel_ends_and_is_not_opened_again(hub: Hub, streams: Streams) -> None:
    leaver = await streams.open("club:1", token="token-1")
    MEMBERS.discard(1)
    await hub.rechecks.readers(hub.topics["club:1"])
    assert [event.name for event in await leaver.ended()] == ["unsubscribed"]
    assert not hub.connections
    again = await streams.begin("club:1", token="token-1", last_event_id=leaver.id).opened()
    assert again.status == 404


async def test_a_right_that_goes_while_the_stream_opens_is_noticed(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def revoked_meanwhile(channels: Collection[str]) -> dict[str, int]:
        MEMBERS.discard(1)
        return dict.fromkeys(channels, 0)

    monkeypatch.setattr("realtime.hub.read_heads", revoked_meanwhile)
    reader = await streams.begin("club:1", token="token-1").opened()
    assert [event.name for event in await reader.ended()] == ["unsubscribed"]


async def test_rights_changed_is_heard_though_the_inbox_is_not_followed(streams: Streams) -> None:
    leaver = await streams.open("club:1", token="token-1")
    MEMBERS.discard(1)
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
    assert [event.name for event in await leaver.ended()] == ["unsubscribed"]


async def test_a_mute_holds_from_the_event_on_that_tells_it(streams: Streams, hidden: dict[int, set[int]]) -> None:
    muting = await streams.open("talk", token="token-1")
    hidden[1] = {7}
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.PERSON)
    await announce(*await store("talk", 1, **said(7)))
    assert (await muting.event()).data["data"]["actor"] is None


async def test_a_revoked_session_ends_its_streams_and_no_others(streams: Streams, people: dict[str, Identity]) -> None:
    revoked, other = await streams.open("talk", token="token-1"), await streams.open("talk", token="token-2")
    del people["token-1"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    (end,) = await revoked.ended()
    assert (end.name, end.data["code"]) == ("end", Close.FORCE_DISCONNECT)
    await announce(*await store("talk", 1))
    assert await other.offsets(1) == [1]
    again = await streams.begin("talk", token="token-1", last_event_id=revoked.id).opened()
    assert again.status == 401


async def test_a_stream_ends_with_its_token_and_a_new_one_goes_on(
    hub: Hub, streams: Streams, people: dict[str, Identity]
) -> None:
    reader = await streams.open("talk", token="token-1")
    for connection in tuple(hub.connections):
        connection.tick(time.time(), PING)
        connection.tick(time.time() + 1000, PING)
    (end,) = await reader.ended()
    assert end.data["code"] == Close.EXPIRED
    await store("talk", 1)
    people["fresh"] = Identity(1, "session-1", time.time() + 900)
    assert await (await streams.open("talk", token="fresh", last_event_id=reader.id)).offsets(1) == [1]


async def test_another_epoch_ends_the_stream_and_resets_it(
    hub: Hub, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store("talk", 2)
    reader = await streams.open("talk")
    from realtime.positions import start_epoch

    await in_thread(start_epoch)
    (end,) = await reader.ended()
    assert end.data["code"] == Close.INSUFFICIENT_STATE
    assert (await (await streams.open("talk", last_event_id=reader.id)).event()).name == "reset"


async def test_a_database_that_goes_while_the_stream_opens_asks_the_client_to_come_again(
    hub: Hub, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(channels: Collection[str]) -> dict[str, int]:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr("realtime.hub.read_heads", away)
        reader = await streams.begin("talk").opened()
        (end,) = await reader.ended()
    assert end.data == {"code": Close.SERVER_ERROR, "reason": "internal server error"}
    assert not hub.connections and not hub.topics


async def test_a_database_that_is_away_is_a_503(streams: Streams) -> None:
    def away(key: str, user_ids: Collection[int | None]) -> set[int | None]:
        raise OperationalError("server closed the connection")

    register_namespace("club", authorize=away, description="Members only")
    reader = await streams.begin("club:1", token="token-1").opened()
    assert reader.status == 503 and reader.headers["retry-after"] == "1"


async def test_nothing_follows_the_end_however_slowly_it_is_read(
    streams: Streams, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    await store("inbox:1", 3)
    before = await streams.open("inbox:1", token="token-1")
    await before.leave()
    await store("inbox:1", 2)
    reader = streams.begin("inbox:1", token="token-1", last_event_id=before.id)
    revoked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def revoked_meanwhile(channels: Collection[str]) -> dict[str, int]:
        people.pop("token-1", None)
        reader.reading.clear()
        loop.call_soon_threadsafe(revoked.set)
        return read_heads(channels)

    monkeypatch.setattr("realtime.hub.read_heads", revoked_meanwhile)
    await reader.opened()
    await revoked.wait()
    while current_hub().connections:  # noqa: ASYNC110 (the hub tells nobody)
        await asyncio.sleep(0.01)
    reader.reading.set()
    assert [event.name for event in await reader.ended()] == ["end"]
