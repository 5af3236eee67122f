"""Replies share frames where they are ready together; their order stays, and none waits for a slower one."""

import threading
from typing import Any

import orjson
import pytest

from realtime.channels import everyone, register_namespace
from realtime.transport import FRAME_BYTES, AsgiSink, DaphneSink, Sink
from tests.realtime.conftest import Sockets
from tests.realtime.sockets import Closed, Socket
from tests.realtime.streams import announce, store
from tests.realtime.test_transport import Protocol, Transport


@pytest.fixture(autouse=True)
def public_channel(namespaces: dict[str, object]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")


async def frame(socket: Socket) -> list[dict[str, Any]]:
    """The lines of the next frame."""
    return [orjson.loads(line) for line in (await socket._next())["text"].split("\n")]


async def ids_of_frame(socket: Socket) -> list[int]:
    return [message["id"] for message in await frame(socket)]


def lines(*commands: dict[str, Any]) -> str:
    """A frame with those commands, numbered from 101."""
    return "\n".join(orjson.dumps({"id": number, **command}).decode() for number, command in enumerate(commands, 101))


async def test_replies_that_wait_for_nothing_leave_in_one_frame_in_the_order_of_their_commands(
    sockets: Sockets,
) -> None:
    socket = await sockets.open()
    refused = {"publish": {"channel": "news", "data": {}}}
    socket.send(lines({"ping": {}}, refused, {"teleport": {}}, {"ping": {}}, {"unsubscribe": {"channel": "news"}}))
    messages = await frame(socket)
    assert [message["id"] for message in messages] == [101, 102, 103, 104, 105]
    assert [message.get("error", {}).get("code") for message in messages] == [None, 108, 104, None, None]


async def test_a_command_that_waits_for_the_database_holds_up_no_reply_before_it(sockets: Sockets) -> None:
    answer = threading.Event()

    def slowly(key: str, user_ids: Any) -> set[int | None]:
        assert answer.wait(30)
        return set(user_ids)

    register_namespace("club", authorize=slowly, description="Its database takes its time")
    socket = await sockets.open()
    socket.send(lines({"ping": {}}, {"ping": {}}, {"subscribe": {"channel": "club"}}, {"ping": {}}))
    try:
        assert await ids_of_frame(socket) == [101, 102]
        assert socket.outgoing.empty()
    finally:
        answer.set()
    assert await ids_of_frame(socket) == [103, 104]


async def test_what_a_new_reader_receives_follows_the_reply_to_the_subscribe(sockets: Sockets) -> None:
    reader = await sockets.open()
    await reader.subscribe("news")
    socket = await sockets.open()
    socket.send(lines({"ping": {}}, {"subscribe": {"channel": "news"}}, {"ping": {}}))
    for event in await store("news", 20):
        await announce(event)
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1].get("push", {}).get("pub", {}).get("offset") != 20:
        messages += await frame(socket)
    subscribed = next(message["subscribe"]["offset"] for message in messages if message.get("id") == 102)
    place = next(place for place, message in enumerate(messages) if message.get("id") == 102)
    offsets = [message["push"]["pub"]["offset"] for message in messages if "push" in message]
    assert offsets == list(range(subscribed + 1, 21))
    assert not [message for message in messages[:place] if "push" in message]
    assert [message["id"] for message in messages if "id" in message] == [101, 102, 103]


async def test_long_replies_do_not_grow_into_one_frame(sockets: Sockets) -> None:
    await store("news", 6, filling="x" * (FRAME_BYTES // 8))
    socket = await sockets.open()
    await socket.subscribe("news")
    socket.send(lines(*[{"history": {"channel": "news", "limit": -1}}] * 3, {"ping": {}}))
    frames = []
    while sum(map(len, frames)) < 4:
        frames.append(await ids_of_frame(socket))
    assert [number for ids in frames for number in ids] == [101, 102, 103, 104]
    assert len(frames) >= 2


async def test_the_replies_before_a_close_are_still_sent(sockets: Sockets) -> None:
    socket = await sockets.open()
    socket.send(lines({"ping": {}}, {"ping": {}}, {"connect": {}}, {"ping": {}}))
    assert await ids_of_frame(socket) == [101, 102]
    with pytest.raises(Closed) as closed:
        await frame(socket)
    assert closed.value.code == 3501


class Wire:
    """A sink of either kind, and what leaves it."""

    def __init__(self, kind: type[Sink]) -> None:
        self.messages: list[str] = []
        self.protocol = Protocol(Transport(takes=10_000))
        self.sink: AsgiSink | DaphneSink
        self.sink = AsgiSink(self._send) if kind is AsgiSink else DaphneSink(self.protocol)

    async def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(message.get("text") or f"close {message['code']}")

    async def sent(self) -> list[str]:
        """What has left by now: texts, and "close <code>"."""
        if isinstance(self.sink, AsgiSink):
            if self.sink._task is not None:
                await self.sink._task
            return self.messages
        out, found = self.protocol.transport.out, []
        while out:
            # All are short: one byte of length.
            found.append(out[2 : 2 + out[1]].decode())
            out = out[2 + out[1] :]
        return found + [f"close {code}" for code, _ in self.protocol.closed]


@pytest.mark.parametrize("kind", [AsgiSink, DaphneSink])
async def test_whatever_is_sent_comes_after_the_replies_before_it(kind: type[Sink]) -> None:
    wire = Wire(kind)
    wire.sink.reply(b"one")
    wire.sink.reply(b"two")
    wire.sink.push(b"event", b"\x81\x05event")
    wire.sink.reply(b"three")
    wire.sink.close(3501, "bad request")
    wire.sink.reply(b"late")
    assert await wire.sent() == ["one\ntwo", "event", "three", "close 3501"]
