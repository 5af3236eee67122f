"""What the relay says on the bus, and that a bus in trouble never holds the numbers up."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import orjson
import pytest
import redis.client
from channels_redis.utils import _consistent_hash
from django.db import transaction

from realtime.bus import CONTROL_CHANNEL, group_of
from realtime.models import StreamEvent
from realtime.numbering import NumberedEvent
from realtime.publishing import Publisher, messages_of
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.stack import wait_until

__all__ = ["own_redis"]
pytestmark = pytest.mark.django_db(transaction=True)


def write(channel: str, count: int = 1) -> None:
    StreamEvent.objects.bulk_create(
        StreamEvent(channel=channel, type="test.happened", data={"type": "test.happened", "n": n}, actor_id=7)
        for n in range(count)
    )


def nothing_waits() -> bool:
    return not StreamEvent.objects.filter(position=None).exists()


@contextmanager
def listening(server: OwnRedis, channel: str) -> Iterator[redis.client.PubSub]:
    with server.client.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(f"test-bus__group__{group_of(channel)}")
        wait_until(lambda: server.client.pubsub_numsub(f"test-bus__group__{group_of(channel)}")[0][1] == 1)
        yield pubsub


def receive(pubsub: redis.client.PubSub, *, again: Callable[[], None] | None = None) -> dict[str, Any]:
    """The next message. The bus may lose one, on a machine this busy: AGAIN has another one sent."""

    def message() -> Any:
        received = pubsub.get_message(timeout=0.5)
        if received is None and again is not None:
            again()
        return received

    return dict(msgpack.unpackb(wait_until(message, what="a message on the bus")["data"]))


def relay(folder: Path, server: OwnRedis) -> RelayProcess:
    return RelayProcess(folder, REDIS_URL=server.url, BUS_PREFIX="test-bus")


def test_one_message_carries_a_channels_events_of_a_batch(tmp_path: Path, own_redis: OwnRedis) -> None:
    own_redis.start()
    with listening(own_redis, "recipe:1") as pubsub, relay(tmp_path, own_redis):
        message = receive(pubsub, again=lambda: write("recipe:1", 3))
    assert message["type"] == "stream.events"
    assert message["channel"] == "recipe:1"
    (first, *_), count = message["events"], len(message["events"])
    assert first[0] == first[1]
    assert [event[:2] for event in message["events"]] == [[first[0] + n, first[1] + n] for n in range(count)]
    assert count >= 3
    # Of a type that nobody registered one can't tell whose rights it takes away: everybody is asked.
    # And the content is the actor's.
    assert [event[3:] for event in message["events"]] == [[7, 3, 0]] * count
    assert orjson.loads(message["events"][2][2]) == {"type": "test.happened", "n": 2}


def test_control_events_go_first_to_every_hub_and_the_others_name_them(tmp_path: Path, own_redis: OwnRedis) -> None:
    own_redis.start()
    with (
        listening(own_redis, CONTROL_CHANNEL) as controls,
        listening(own_redis, "recipe:1") as recipes,
        relay(tmp_path, own_redis) as process,
    ):
        process.wait_for("relay.started")
        with transaction.atomic():
            write("recipe:1")
            for user in (1, 2):
                StreamEvent.objects.create(channel=f"inbox:{user}", type="rights.changed", data={})
        heard = [receive(controls) for _ in range(2)]
        told = receive(recipes)
    assert [(message["type"], message["channel"]) for message in heard] == [
        ("stream.control", "inbox:1"),
        ("stream.control", "inbox:2"),
    ]
    first, second = (message["events"][-1][0] for message in heard)
    assert [message["control"] for message in (*heard, told)] == [0, first, second]
    assert told["type"] == "stream.events"


def test_numbering_goes_on_without_redis_and_publishing_when_it_is_back(tmp_path: Path, own_redis: OwnRedis) -> None:
    with relay(tmp_path, own_redis) as process:
        write("recipe:1", 3)
        wait_until(nothing_waits)
        process.wait_for("bus.away")
        own_redis.start()
        with listening(own_redis, "recipe:1") as pubsub:
            for _ in _until_heard(process, "bus.back"):
                write("recipe:1")
            assert receive(pubsub, again=lambda: write("recipe:1"))["events"][0][1] > 3
        own_redis.kill()
        for _ in _until_heard(process, "bus.away", times=2):
            write("recipe:1")
        wait_until(nothing_waits)
        own_redis.start()
        for _ in _until_heard(process, "bus.back", times=2):
            write("recipe:1")
        assert process.terminate() == 0
    events = StreamEvent.objects.order_by("offset").values_list("offset", flat=True)
    assert list(events) == list(range(1, len(events) + 1))


def test_a_redis_that_hangs_does_not_hold_numbering_up(tmp_path: Path, own_redis: OwnRedis) -> None:
    own_redis.start()
    with relay(tmp_path, own_redis) as process:
        write("recipe:1")
        wait_until(nothing_waits)
        own_redis.freeze()
        for _ in _until_heard(process, "bus.away"):
            write("recipe:1")
        write("recipe:1", 2_500)
        wait_until(nothing_waits)
        own_redis.thaw()
        with listening(own_redis, "recipe:1") as pubsub:
            for _ in _until_heard(process, "bus.back"):
                write("recipe:1")
            assert receive(pubsub, again=lambda: write("recipe:1"))["channel"] == "recipe:1"


def _until_heard(process: RelayProcess, text: str, *, times: int = 1) -> Iterator[None]:
    """Yields, each time that everything is numbered, until the relay has logged TEXT that often."""
    while process.log.count(text) < times:
        yield
        wait_until(nothing_waits)


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted() -> None:
    publisher = Publisher(limit=20)
    try:
        publisher.publish(messages_of(NumberedEvent(n, f"recipe:{n}", 1, "test", None, "{}") for n in range(1, 101)))
        wait_until(lambda: publisher.published + publisher.dropped == 100, what="the end of the queue")
        assert publisher.dropped >= 80
    finally:
        publisher.close()


def channels_by_redis(count: int) -> list[str]:
    """A channel for each of so many Redis servers of the bus."""
    found: dict[int, str] = {}
    for number in itertools.count(1):
        channel = f"recipe:{number}"
        found.setdefault(_consistent_hash(f"test-bus__group__{group_of(channel)}", count), channel)
        if len(found) == count:
            return [found[index] for index in range(count)]
    raise AssertionError


def test_one_redis_of_the_bus_that_hangs_holds_up_none_of_the_others(tmp_path: Path, own_redis: OwnRedis) -> None:
    (tmp_path / "other").mkdir()
    other = OwnRedis(tmp_path / "other")
    healthy, sick = channels_by_redis(2)
    try:
        own_redis.start()
        other.start()
        urls = f"{own_redis.url},{other.url}"
        with (
            listening(own_redis, healthy) as pubsub,
            RelayProcess(tmp_path, BUS_REDIS_URLS=urls, BUS_PREFIX="test-bus") as process,
        ):
            receive(pubsub, again=lambda: write(healthy))
            other.freeze()
            write(sick)
            process.wait_for("bus.away redis=1")
            before = StreamEvent.objects.filter(channel=healthy).count()
            for number in range(before + 1, before + 6):
                write(sick, 3)
                write(healthy)
                # None is left out, and each comes by itself.
                while (event := receive(pubsub)["events"][-1])[1] < number:
                    pass
                assert event[1] == number
            assert "redis=0" not in process.log_path.read_text()
    finally:
        other.client.close()
        other.kill()
