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
from realtime.waiting import Kind


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

    def reply(self, payload: bytes) -> None:
        self.push(payload, b"")

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
    topic.register(cast(Any, late))
    topic.accept([event(1)])
    topic.flush()
    assert reader.offsets() == [1] and late.offsets() == []
    topic.admit(cast(Any, late))
    assert late.offsets() == [1]


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


ACTS = st.one_of(
    st.just(("event",)),
    st.tuples(st.just("fence"), st.sampled_from(Kind), st.frozensets(st.integers(0, 2), min_size=1)),
    # How many numbers ago the question was asked whose answer lifts the fences.
    st.tuples(st.just("lift"), st.sampled_from(Kind), st.frozensets(st.integers(0, 2)), st.integers(0, 3)),
)


@given(st.lists(ACTS, max_size=40))
def test_each_reader_receives_all_before_the_first_fence_that_stands_in_order_and_once(acts: list[Any]) -> None:
    readers = [Reader() for _ in range(3)]
    topic = topic_with(*readers)
    standing: list[list[tuple[Kind, int, int]]] = [[], [], []]
    for number, (act, *how) in enumerate(acts, start=1):
        if act == "event":
            topic.accept([event(topic.offset + 1)])
            topic.flush()
            continue
        kind, concerned, *age = how
        connections: set[Any] = {readers[index] for index in concerned}
        if act == "fence":
            topic.fence(connections, kind, number)
            for index in concerned:
                standing[index].append((kind, number, topic.offset))
        else:
            before = number - age[0]
            topic.lift(connections, kind, before)
            for index in concerned:
                standing[index] = [fence for fence in standing[index] if fence[0] is not kind or fence[1] >= before]
        for reader, fences in zip(readers, standing, strict=True):
            until = min((offset for _, _, offset in fences), default=topic.offset)
            assert reader.offsets() == list(range(1, until + 1))
    assert len(topic.queues) <= len(readers)
