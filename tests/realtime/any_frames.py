"""Frames as any client might send them: whole scripts of commands, sensible or not, and things that are no frames."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from realtime.protocol import METHODS

CHANNELS = ["news", "room:1", "room:2", "club:1", "inbox:1", "inbox:2", "feed:1", "feeds", "nothing", "news:", "x" * 99]
TOKENS = ["token-1", "token-2", "forged", ""]
ids = st.integers(1, 40) | st.sampled_from([2**31, 2**32 - 1])
numbers = st.integers(-2, 12) | st.sampled_from([2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), 1e300])

anything: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def mostly(sensible: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """One value in eight is of any type."""
    return st.integers(0, 7).flatmap(lambda chance: sensible if chance else anything)


positions = st.fixed_dictionaries(
    {}, optional={"epoch": mostly(st.sampled_from(["", "x7"])), "offset": mostly(numbers)}
)
OPTIONAL: dict[Any, SearchStrategy[Any]] = {
    "recover": mostly(st.booleans()),
    "epoch": mostly(st.sampled_from(["", "x7"])),
    "offset": mostly(numbers),
    "limit": mostly(numbers),
    "since": mostly(positions),
    "reverse": mostly(st.booleans()),
    "token": mostly(st.sampled_from(TOKENS)),
    "subs": mostly(st.dictionaries(st.sampled_from(CHANNELS), positions, max_size=3)),
    "unknown": anything,
}
channels = st.sampled_from(["news", "room:1"]) | st.sampled_from(CHANNELS)
params = st.one_of(
    st.fixed_dictionaries({"channel": channels}),
    st.fixed_dictionaries({"channel": channels}, optional=OPTIONAL),
    st.fixed_dictionaries({}, optional={"channel": mostly(channels), **OPTIONAL}),
)
methods = st.sampled_from(sorted(METHODS - {"send"})) | st.sampled_from(
    ["subscribe", "history", "unsubscribe", "teleport"]
)
commands = st.builds(lambda number, method, value: json.dumps({"id": number, method: value}), ids, methods, params)
# A frame of this protocol, whatever its commands ask for.
frames = st.lists(commands | st.sampled_from(["{}", "", "  "]), min_size=1, max_size=4).map("\n".join)

DEEP = 30_000
broken = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    anything.map(json.dumps),
    commands.map(lambda command: command[:-1]),
    st.sampled_from(
        [
            "[" * DEEP,
            '{"id":1,"connect":' * DEEP,
            '{"id":1,"subscribe":{"channel":' + "[" * 900 + "]" * 900 + "}}",
            '{"id":1,"subscribe":{"channel":"' + "x" * 65_000 + '"}}',
            '{"id":1' + "0" * 4000 + ',"connect":{}}',
            '{"id":1e999,"connect":{}}',
            '{"id":1,"connect":{},"subscribe":{}}',
            '{"id":1,"id":2,"connect":{}}',
            '{"id":null,"connect":{}}',
            '{"id":1,"connect":null}',
            '{"id":0,"ping":{}}',
            '{"send":{"data":{}}}',
            '{"connect":{}}',
            '"\ud800"',
            "\x00",
            "\n" * 5000,
            "{}\n" * 2000,
        ]
    ),
)


@dataclass(frozen=True)
class Script:
    """What one client sends. `polite`: it begins with a `connect`."""

    polite: str
    frames: list[str]
    ending: str | bytes | None

    def all(self) -> list[str | bytes]:
        return [
            *([self.polite] if self.polite else []),
            *self.frames,
            *([self.ending] if self.ending is not None else []),
        ]


scripts = st.builds(
    Script,
    st.sampled_from(["", *['{"id":41,"connect":{}}'] * 3, *['{"id":41,"connect":{"token":"token-1"}}'] * 3]),
    st.lists(frames, max_size=10),
    st.booleans().flatmap(lambda whole: st.none() if whole else broken),
)
