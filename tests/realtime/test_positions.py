"""Where the streams stand: the Stream-Position of a read, the epoch, the relay's lag."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from realtime import positions
from realtime.models import Epoch, StreamEvent
from tests.relaying import relay_now

pytestmark = pytest.mark.django_db


def write(channel: str, *, age: float = 0) -> None:
    event = StreamEvent.objects.create(channel=channel, type="test", data={})
    StreamEvent.objects.filter(id=event.id).update(created_at=timezone.now() - timedelta(seconds=age))


def test_a_position_names_channel_epoch_and_the_last_numbered_offset() -> None:
    write("recipe:1")
    write("recipe:1")
    write("recipe:2")
    relay_now()
    write("recipe:1")
    epoch = positions.current_epoch()
    assert positions.stream_position("recipe:1") == f"recipe:1;{epoch};2"
    assert positions.stream_position("recipe:2") == f"recipe:2;{epoch};1"
    assert positions.stream_position("recipe:3") == f"recipe:3;{epoch};0"


def test_a_position_costs_one_query_each_time(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(2):
        with django_assert_num_queries(1):
            positions.stream_position("recipe:1")


def test_a_head_is_the_last_numbered_offset() -> None:
    assert positions.read_head("recipe:1") == 0
    write("recipe:1")
    assert positions.read_head("recipe:1") == 0
    relay_now()
    assert positions.read_head("recipe:1") == 1


def test_the_epoch_is_one_query_and_always_as_stored(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stored = Epoch.objects.get().value
    with django_assert_num_queries(1):
        assert positions.current_epoch() == stored
    Epoch.objects.update(value="another")
    assert positions.current_epoch() == "another"


def test_new_epoch_makes_all_positions_those_of_another_life() -> None:
    before = positions.current_epoch()
    output = io.StringIO()
    call_command("new_epoch", stdout=output)
    after = positions.current_epoch()
    assert after != before
    assert after in output.getvalue()
    assert positions.stream_position("recipes") == f"recipes;{after};0"


def test_a_database_without_an_epoch_gets_one() -> None:
    Epoch.objects.all().delete()
    position = positions.stream_position("recipes")
    assert position == f"recipes;{Epoch.objects.get().value};0"


def test_the_lag_is_the_age_of_the_oldest_waiting_event() -> None:
    assert positions.relay_lag() == 0.0
    write("recipe:1", age=30)
    write("recipe:1", age=10)
    assert 30 <= positions.relay_lag() < 60
    relay_now()
    assert positions.relay_lag() == 0.0
