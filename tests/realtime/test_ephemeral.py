"""Events that are not kept: heard by whoever is connected, without an offset, between those of the stream."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from asgiref.sync import sync_to_async

from realtime.channels import everyone, register_namespace
from realtime.ephemeral import EphemeralEvent, Teller
from realtime.models import StreamEvent
from tests.realtime.conftest import Sockets, Streams
from tests.realtime.streams import announce, store


@dataclass(frozen=True, kw_only=True)
class Moved(EphemeralEvent):
    """Something has come so far."""

    type: ClassVar[str] = "test.moved"
    heard_on: ClassVar[tuple[str, ...]] = ("talk",)

    progress: int


@pytest.fixture(autouse=True)
def talk(namespaces: dict[str, object]) -> None:
    register_namespace("talk", authorize=everyone, description="Anything")


def moved(*steps: int) -> None:
    with Teller() as teller:
        for step in steps:
            teller.tell(Moved(actor=None, progress=step))


async def test_who_is_connected_hears_it_without_an_offset_and_nothing_is_stored(sockets: Sockets) -> None:
    socket = await sockets.open()
    await socket.command("subscribe", channel="talk")
    await sync_to_async(moved)(40, 80)
    for progress in (40, 80):
        push = await socket.push()
        assert push["channel"] == "talk"
        assert push["pub"].keys() == {"data"}
        data = push["pub"]["data"]
        assert (data["type"], data["actor"], data["progress"]) == ("test.moved", None, progress)
        assert data["at"]
    assert await StreamEvent.objects.acount() == 0


async def test_the_stream_goes_on_after_it_as_before(sockets: Sockets) -> None:
    socket = await sockets.open()
    await socket.command("subscribe", channel="talk")
    await announce(*await store("talk", 1))
    assert (await socket.push())["pub"]["offset"] == 1
    await sync_to_async(moved)(50)
    assert "offset" not in (await socket.push())["pub"]
    await announce(*await store("talk", 1))
    assert (await socket.push())["pub"]["offset"] == 2


async def test_an_event_stream_hears_it_and_stays_where_it_is(streams: Streams) -> None:
    reader = await streams.open("talk")
    before = reader.id
    await sync_to_async(moved)(50)
    event = await reader.event()
    assert event.data["data"]["progress"] == 50
    assert reader.id == before


@pytest.mark.filterwarnings("default")
def test_without_redis_it_is_dropped_and_nobody_waits(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(group: str, message: object) -> None:
        raise ConnectionError("redis is away")

    class Layer:
        group_send = staticmethod(away)

    monkeypatch.setattr("realtime.publishing.get_channel_layer", Layer)
    with Teller() as teller:
        teller.tell(Moved(actor=None, progress=1))
        teller.tell(Moved(actor=None, progress=2))
    assert teller._publisher.dropped == 2
