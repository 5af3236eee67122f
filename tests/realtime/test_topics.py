"""A topic delivers in order and once, however bus and store are mixed."""

import asyncio
from typing import Any, cast

import orjson
from hypothesis import given
from hypothesis import strategies as st

from realtime.channels import Namespace, everyone
from realtime.store import StoredEvent
from realtime.topics import Topic
from realtime.transport import FRAME_BYTES


class Reader:
    """Stands where a connection does: remembers the frames it was handed."""

    def __init__(self) -> None:
        self.sink = self
        self.payloads: list[bytes] = []
        self.closed: int | None = None
        self.broken = False
        self.hidden: frozenset[int] = frozenset()

    def close(self, code: int, reason: str) -> None:
        self.closed = code

    def push(self, payload: bytes, frame: bytes) -> None:
        if self.broken:
            raise RuntimeError("this socket is broken")
        self.payloads.append(payload)

    def publications(self) -> list[dict[str, Any]]:
        lines = b"\n".join(self.payloads).split(b"\n") if self.payloads else []
        return [orjson.loads(line)["push"]["pub"] for line in lines]

    def offsets(self) -> list[int]:
        return [publication["offset"] for publication in self.publications()]

    def actors(self) -> list[Any]:
        return [publication["data"]["actor"] for publication in self.publications()]


def event(offset: int, *, size: int = 1) -> StoredEvent:
    return StoredEvent(offset, orjson.dumps({"filling": "x" * size}), None, 0)


def topic_with(*readers: Reader) -> Topic:
    async def make() -> Topic:
        return Topic("news", Namespace("news", everyone, ""))

    topic = asyncio.run(make())
    readers_set: set[Any] = set(readers)
    topic.readers = readers_set
    return topic


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 6), st.booleans()), max_size=30))
def test_any_mixture_of_batches_leaves_a_dense_row(batches: list[tuple[int, int, bool]]) -> None:
    reader = Reader()
    topic = topic_with(reader)
    for start, count, flush in batches:
        whole = topic.accept([event(offset) for offset in range(start, start + count)])
        # A gap is told exactly when the batch begins beyond what comes next.
        assert (
            whole == (start <= topic.offset + 1 and topic.offset >= start + count - 1)
            or start + count - 1 <= topic.offset
        )
        if flush:
            topic.flush()
    topic.flush()
    assert reader.offsets() == list(range(1, topic.offset + 1))


def test_a_burst_shares_frames_up_to_their_size() -> None:
    reader = Reader()
    topic = topic_with(reader)
    topic.accept([event(offset, size=1000) for offset in range(1, 201)])
    topic.flush()
    assert reader.offsets() == list(range(1, 201))
    assert 1 < len(reader.payloads) < 10
    assert all(len(payload) <= FRAME_BYTES for payload in reader.payloads)


def test_an_event_larger_than_a_frame_goes_alone() -> None:
    reader = Reader()
    topic = topic_with(reader)
    topic.accept([event(1), event(2, size=FRAME_BYTES * 2), event(3)])
    topic.flush()
    assert reader.offsets() == [1, 2, 3] and len(reader.payloads) == 3


def test_who_is_being_recovered_waits_while_the_others_read() -> None:
    reader, late = Reader(), Reader()
    topic = topic_with(reader)
    waiting: dict[Any, list[StoredEvent]] = {late: []}
    topic.pending = waiting
    topic.accept([event(1)])
    topic.flush()
    assert reader.offsets() == [1] and late.offsets() == []
    assert len(waiting[late]) == 1


def test_one_broken_socket_costs_the_others_nothing() -> None:
    broken, *others = readers = [Reader() for _ in range(5)]
    broken.broken = True
    topic = topic_with(*readers)
    topic.accept([event(1)])
    topic.flush()
    assert broken.closed == 3004
    assert all(reader.offsets() == [1] for reader in others)


ACTORS = st.integers(1, 4)


@given(st.lists(st.tuples(ACTORS, st.booleans()), max_size=20), st.lists(st.frozensets(ACTORS), max_size=6))
def test_whoever_hides_whom_all_get_every_offset_and_nobody_a_hidden_actor(
    acts: list[tuple[int, bool]], hidings: list[frozenset[int]]
) -> None:
    readers = [Reader() for _ in hidings]
    topic = topic_with(*readers)
    for reader, hidden in zip(readers, hidings, strict=True):
        reader.hidden = hidden
        topic.sort(cast(Any, reader))
    for offset, (actor, flush) in enumerate(acts, start=1):
        topic.accept([StoredEvent(offset, orjson.dumps({"actor": actor}), actor, 0)])
        if flush:
            topic.flush()
    topic.flush()
    for reader in readers:
        assert reader.offsets() == list(range(1, len(acts) + 1))
        assert reader.actors() == [None if actor in reader.hidden else actor for actor, _ in acts]


def test_those_who_hide_the_same_people_among_the_actors_share_a_frame() -> None:
    hiding, also, other, nobody = readers = [Reader() for _ in range(4)]
    hiding.hidden, also.hidden, other.hidden = frozenset({1}), frozenset({1, 9}), frozenset({9})
    topic = topic_with(*readers)
    for reader in readers:
        topic.sort(cast(Any, reader))
    topic.accept([StoredEvent(1, orjson.dumps({"actor": 1}), 1, 0)])
    topic.flush()
    assert hiding.payloads[0] is also.payloads[0]
    assert other.payloads[0] is nobody.payloads[0]
    assert hiding.actors() == [None] and other.actors() == [1]
