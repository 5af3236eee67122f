"""`history`: a part of a channel's past, without a subscription."""

import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from realtime import history
from realtime.channels import Identity, everyone, nobody, only_that_person, register_namespace
from realtime.models import StreamEvent
from realtime.positions import current_epoch
from tests.realtime.conftest import Sockets
from tests.realtime.sample_events import said
from tests.realtime.sockets import Socket
from tests.realtime.streams import store


@pytest.fixture(autouse=True)
def channels_of_the_tests(namespaces: dict[str, object]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("club", authorize=nobody, description="Of nobody")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    register_namespace("feed", authorize=only_that_person, description="Hints", server_side=True, recoverable=False)
    register_namespace("feeds", description="Not for clients", internal=True)


async def past(socket: Socket, **params: Any) -> tuple[list[int], int]:
    """(the offsets that came, the stream's head)"""
    reply = await socket.command("history", **{"channel": "news", "limit": -1, **params})
    assert "error" not in reply, reply
    result = reply["history"]
    assert result["epoch"] == await sync_to_async(current_epoch)()
    return [publication["offset"] for publication in result["publications"]], result["offset"]


@pytest.mark.parametrize(
    ("params", "offsets"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"limit": 2}, [1, 2]),
        ({"limit": 9}, [1, 2, 3, 4, 5]),
        ({"reverse": True}, [5, 4, 3, 2, 1]),
        ({"reverse": True, "limit": 2}, [5, 4]),
        ({"since": {"offset": 3}}, [4, 5]),
        ({"since": {"offset": 1}, "limit": 2}, [2, 3]),
        ({"since": {"offset": 5}}, []),
        ({"since": {"offset": 4}, "reverse": True}, [3, 2, 1]),
        ({"since": {"offset": 4}, "reverse": True, "limit": 1}, [3]),
        ({"since": {"offset": 2**63 - 1}, "reverse": True, "limit": 1}, [5]),
        ({"limit": 0}, []),
        ({"limit": 0, "since": {"offset": 2}}, []),
    ],
)
async def test_the_part_that_was_asked_for_comes_with_the_head(
    sockets: Sockets, params: dict[str, Any], offsets: list[int]
) -> None:
    await store("news", 5)
    socket = await sockets.open()
    assert await past(socket, **params) == (offsets, 5)


async def test_without_a_limit_there_is_the_head_alone(sockets: Sockets) -> None:
    await store("news", 2)
    socket = await sockets.open()
    reply = await socket.command("history", channel="news")
    assert (reply["history"]["publications"], reply["history"]["offset"]) == ([], 2)


async def test_the_past_needs_no_subscription_and_makes_none(sockets: Sockets) -> None:
    socket = await sockets.open()
    assert await past(socket) == ([], 0)
    await socket.subscribe("news")


async def test_a_long_past_is_read_page_by_page(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LIMIT", 200)
    await store("news", 500)
    socket = await sockets.open()
    seen: list[int] = []
    head = -1
    while head != len(seen):
        page, head = await past(socket, since={"offset": len(seen)})
        assert 0 < len(page) <= 200
        seen += page
    assert seen == list(range(1, 501))


async def test_one_reply_has_a_bounded_size(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LIMIT_BYTES", 1200)
    await store("news", 4, filling="x" * 500)
    socket = await sockets.open()
    assert await past(socket) == ([1, 2], 4)
    monkeypatch.setattr(history, "LIMIT_BYTES", 10)
    assert await past(socket, since={"offset": 2}) == ([3], 4)


@pytest.mark.parametrize("case", ["another epoch", "ahead of the stream", "trimmed"])
async def test_a_position_from_which_nothing_can_be_told_is_unrecoverable(sockets: Sockets, case: str) -> None:
    await store("news", 5)
    since: dict[str, Any] = {"epoch": await sync_to_async(current_epoch)(), "offset": 2}
    if case == "another epoch":
        since["epoch"] = "another"
    elif case == "ahead of the stream":
        since["offset"] = 6
    else:
        await StreamEvent.objects.filter(offset__lte=3).adelete()
    socket = await sockets.open()
    reply = await socket.command("history", channel="news", limit=5, since=since)
    assert reply["error"] == {"code": 112, "message": "unrecoverable position"}
    if case == "trimmed":
        # What is still there can be had all the same.
        assert await past(socket) == ([4, 5], 5)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"channel": "nothing"}, 102),
        ({"channel": "feeds"}, 102),
        ({"channel": "club:1"}, 103),
        ({"channel": "inbox:8"}, 103),
        ({"channel": "feed:7"}, 108),
        ({"channel": ""}, 107),
        ({"limit": -2}, 107),
        ({"limit": 2**31}, 107),
        ({"limit": True}, 107),
        ({"limit": "5"}, 107),
        ({"reverse": 1}, 107),
        ({"since": 5}, 107),
        ({"since": {"offset": -1}}, 107),
        ({"since": {"offset": 2**63}}, 107),
        ({"since": {"offset": 1e40}}, 107),
        ({"since": {"epoch": 1}}, 107),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_its_code(
    sockets: Sockets, people: dict[str, Identity], params: dict[str, Any], code: int
) -> None:
    people["token"] = Identity(7, "session-7", time.time() + 900)
    socket = await sockets.open(token="token")
    assert (await socket.command("history", **{"channel": "news", **params}))["error"]["code"] == code


async def test_ones_own_inbox_has_a_past(sockets: Sockets, people: dict[str, Identity]) -> None:
    people["token"] = Identity(7, "session-7", time.time() + 900)
    await store("inbox:7", 2)
    assert await past(await sockets.open(token="token"), channel="inbox:7") == ([1, 2], 2)
    anonymous = await sockets.open()
    assert (await anonymous.command("history", channel="inbox:7"))["error"]["code"] == 101


async def test_events_of_the_hidden_come_without_content(
    sockets: Sockets, people: dict[str, Identity], hidden: dict[int, set[int]]
) -> None:
    people["token"] = Identity(7, "session-7", time.time() + 900)
    hidden[7] = {3}
    await store("news", 1, **said(3))
    await store("news", 1, **said(4))

    async def told(socket: Socket) -> list[tuple[int | None, str | None]]:
        publications = (await socket.command("history", channel="news", limit=5))["history"]["publications"]
        data = [publication["data"] for publication in publications]
        return [(entry["actor"] and entry["actor"]["id"], entry["words"]) for entry in data]

    assert await told(await sockets.open(token="token")) == [(None, None), (4, "Good soup!")]
    assert await told(await sockets.open()) == [(3, "Good soup!"), (4, "Good soup!")]
