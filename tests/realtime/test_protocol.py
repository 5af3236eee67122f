"""The protocol alone: whatever a client sends is a list of commands or a closing code with a reason."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from realtime import protocol
from realtime.protocol import Close, Command, Disconnect, Position, parse_frame

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
commands = st.dictionaries(
    st.sampled_from(["id", "connect", "subscribe", "refresh", "send", "x"]), json_values, max_size=3
)
frames = st.one_of(
    st.text(),
    st.lists(commands.map(json.dumps), max_size=4).map("\n".join),
    json_values.map(json.dumps),
)


@given(frames)
def test_every_frame_is_commands_or_a_reason_to_close(frame: str) -> None:
    try:
        parsed = parse_frame(frame)
    except Disconnect as disconnect:
        assert disconnect.code == Close.BAD_REQUEST and disconnect.reason
    else:
        assert parsed and all(isinstance(command, Command) for command in parsed)
        for command in parsed:
            assert command.method is None or isinstance(command.params, dict)


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_line_separators_inside_a_string_do_not_split_a_command(channel: str) -> None:
    line = json.dumps({"id": 1, "subscribe": {"channel": channel}}, ensure_ascii=False)
    try:
        (command,) = parse_frame(line)
    except Disconnect:
        # A lone surrogate is not valid JSON text.
        assert any("\ud800" <= character <= "\udfff" for character in channel)
    else:
        assert command.params["channel"] == channel


@given(
    st.dictionaries(
        st.sampled_from(["channel", "token", "subs", "limit", "since", "reverse", "recover", "epoch", "offset"]),
        json_values | st.dictionaries(st.sampled_from(["epoch", "offset", "recover"]), json_values, max_size=3),
    )
)
def test_whatever_the_parameters_are_they_are_read_or_a_bad_request(params: dict[str, object]) -> None:
    readers: list[Callable[[dict[str, Any]], object]] = [
        protocol.position,
        protocol.positions,
        protocol.token_of,
        protocol.history_request,
        lambda params: protocol.text(params, "channel"),
    ]
    for read in readers:
        with suppress(protocol.BadRequest):
            read(params)


def test_an_empty_object_is_a_pong() -> None:
    assert parse_frame("{}") == [Command(0, None, {})]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, None),
        ({"recover": False, "epoch": "e", "offset": 3}, None),
        ({"recover": True}, Position("", 0)),
        ({"recover": True, "epoch": "e", "offset": 3}, Position("e", 3)),
    ],
)
def test_a_position_is_read_when_recovery_is_asked_for(params: dict[str, object], expected: Position | None) -> None:
    assert protocol.position(params) == expected


@pytest.mark.parametrize("wrong", [{"epoch": 1}, {"offset": "1"}, {"offset": True}, {"offset": 1.5}, {"offset": -1}])
def test_a_position_of_wrong_types_is_a_bad_request(wrong: dict[str, object]) -> None:
    with pytest.raises(protocol.BadRequest):
        protocol.position({"recover": True, **wrong})


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 100_000])
def test_a_prebuilt_frame_is_one_that_a_websocket_library_reads(size: int) -> None:
    payload = b"x" * size
    reader = StreamReader()
    reader.feed_data(protocol.text_frame(payload))
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    frame: Frame = done.value.value
    assert (frame.opcode, frame.data, frame.fin) == (Opcode.TEXT, payload, True)


def test_pushes_and_replies_are_what_the_protocol_says() -> None:
    data = orjson.dumps({"type": "rating.created", "text": "crème\n"})
    assert orjson.loads(protocol.publication_push('a"b', 3, data)) == {
        "push": {"channel": 'a"b', "pub": {"offset": 3, "data": {"type": "rating.created", "text": "crème\n"}}}
    }
    reply = protocol.reply(7, "subscribe", {"publications": [protocol.publication(1, data)]})
    assert orjson.loads(reply)["subscribe"]["publications"][0]["offset"] == 1
    assert b"\n" not in reply
    assert orjson.loads(protocol.error_reply(4, protocol.Internal())) == {
        "id": 4,
        "error": {"code": 100, "message": "internal server error", "temporary": True},
    }
