"""The relay gives committed events dense numbers, whatever order they commit in, and loses none."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from realtime.models import StreamEvent
from realtime.numbering import Conflict, Numbering
from tests.relaying import relay_now
from tests.stack import wait_until


def write(*channels: str, **data: Any) -> list[int]:
    """Unnumbered events, as `record` writes them. Returns their ids."""
    return [StreamEvent.objects.create(channel=channel, type="test", data=data).id for channel in channels]


def offsets(channel: str) -> list[int | None]:
    return list(StreamEvent.objects.filter(channel=channel).order_by("offset").values_list("offset", flat=True))


def positions() -> list[int | None]:
    return list(StreamEvent.objects.order_by("position").values_list("position", flat=True))


@pytest.mark.django_db
def test_offsets_are_dense_in_each_channel_and_positions_over_all() -> None:
    write("recipe:1", "recipe:2", "recipe:1")
    relay_now()
    write("recipe:2", "recipe:1")
    relay_now()
    assert offsets("recipe:1") == [1, 2, 3]
    assert offsets("recipe:2") == [1, 2]
    assert positions() == [1, 2, 3, 4, 5]


@pytest.mark.django_db
def test_a_channel_that_memory_has_forgotten_goes_on_from_its_last_offset() -> None:
    numbering = Numbering(connection, heads=1)
    for _ in range(3):
        write("recipe:1", "recipe:2", "recipe:3")
        numbering.number()
    assert [offsets(f"recipe:{n}") for n in (1, 2, 3)] == [[1, 2, 3]] * 3


@pytest.mark.django_db
def test_a_batch_takes_the_oldest_and_leaves_the_rest_for_the_next() -> None:
    ids = write("recipe:1", "recipe:1", "recipe:1")
    numbering = Numbering(connection)
    numbering.number(limit=2)
    assert StreamEvent.objects.get(position=None).id == ids[-1]
    assert [event.offset for event in numbering.number(limit=2)] == [3]


@pytest.mark.django_db(transaction=True)
def test_sixteen_threads_lose_nothing_and_keep_the_order_of_commits() -> None:
    """Each of four channels is locked by its aggregate; a fifth is not, and everybody writes to it as well."""
    counters, chance = dict.fromkeys(range(4), 0), random.Random(7)
    delays = [chance.random() * 0.004 for _ in range(16 * 25)]

    def work(thread: int) -> None:
        for turn in range(25):
            delay, aggregate = delays[thread * 25 + turn], (thread + turn) % 4
            with transaction.atomic(), connection.cursor() as cursor:
                write("recipes", thread=thread)
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [aggregate])
                write(f"recipe:{aggregate}", n=counters[aggregate])
                counters[aggregate] += 1
                cursor.execute("SELECT pg_sleep(%s)", [delay])
        connections.close_all()

    numbering = Numbering(connection)
    with ThreadPoolExecutor(16) as threads:
        writers = [threads.submit(work, number) for number in range(16)]
        while not all(writer.done() for writer in writers):
            numbering.number()
        for writer in writers:
            writer.result()
    while numbering.number():
        pass

    assert positions() == list(range(1, 801))
    assert offsets("recipes") == list(range(1, 401))
    for aggregate in range(4):
        events = StreamEvent.objects.filter(channel=f"recipe:{aggregate}").order_by("offset")
        assert [(event.offset, event.data["n"]) for event in events] == [(n + 1, n) for n in range(100)]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_after_later_ones_is_numbered_still() -> None:
    written, go_on = threading.Event(), threading.Event()

    def commit_late() -> None:
        with transaction.atomic():
            write("recipe:1", name="slow")
            written.set()
            assert go_on.wait(30)
        connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(commit_late)
        assert written.wait(30)
        write("recipe:1", name="quick")
        numbering = Numbering(connection)
        assert [event.offset for event in numbering.number()] == [1]
        go_on.set()
        slow.result()
        assert [event.offset for event in numbering.number()] == [2]
    assert [event.data["name"] for event in StreamEvent.objects.order_by("offset")] == ["quick", "slow"]


@pytest.mark.django_db
def test_a_poll_starts_at_the_floor_and_a_full_scan_finds_what_is_below() -> None:
    floored = Numbering(connection, floor_seconds=0, full_scan_seconds=3600)
    low, high = write("recipe:1", "recipe:1")
    StreamEvent.objects.filter(id=low).update(id=high + 1_000)
    floored.number()
    StreamEvent.objects.create(id=low, channel="recipe:1", type="test", data={})
    assert floored.number() == []
    scanning = Numbering(connection, floor_seconds=0, full_scan_seconds=0)
    assert [event.offset for event in scanning.number()] == [3]


@pytest.mark.django_db
def test_the_database_refuses_a_second_relay_that_has_no_lock() -> None:
    first, second = Numbering(connection), Numbering(connection)
    write("recipe:1")
    first.number()
    write("recipe:1")
    with pytest.raises(IntegrityError):
        second.number()
    assert StreamEvent.objects.filter(position=None).count() == 1
    assert [event.offset for event in relay_now()] == [2]


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_deleted_meanwhile_leaves_no_gap() -> None:
    first, second = write("recipe:1", "recipe:1")

    def number() -> None:
        try:
            Numbering(connection).number()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            StreamEvent.objects.filter(id=first).delete()
            relay = threads.submit(number)
            wait_until(_somebody_waits_for_us, what="the relay at the deleted row")
        with pytest.raises(Conflict):
            relay.result()
    assert StreamEvent.objects.get().position is None
    relay_now()
    assert [(event.id, event.offset) for event in StreamEvent.objects.all()] == [(second, 1)]


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
        return cursor.fetchone() is not None
