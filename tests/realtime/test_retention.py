"""Old events go, and what is needed to go on counting stays."""

from datetime import timedelta

import pytest
from django.db.models import Max
from django.utils import timezone
from pytest_django import Settings

from realtime import retention
from realtime.models import StreamEvent
from realtime.tasks import trim_streams
from tests.relaying import relay_now

pytestmark = pytest.mark.django_db


def write(channel: str, count: int, *, hours_ago: float = 0) -> None:
    rows = StreamEvent.objects.bulk_create(StreamEvent(channel=channel, type="test", data={}) for _ in range(count))
    created_at = timezone.now() - timedelta(hours=hours_ago)
    StreamEvent.objects.filter(id__in=[row.id for row in rows]).update(created_at=created_at)


def kept(channel: str) -> list[int | None]:
    return list(StreamEvent.objects.filter(channel=channel).order_by("offset").values_list("offset", flat=True))


def test_events_of_yesterday_go_and_younger_ones_stay() -> None:
    write("recipe:1", 3, hours_ago=25)
    write("recipe:1", 2, hours_ago=23)
    relay_now()
    trim_streams()
    assert kept("recipe:1") == [4, 5]


def test_the_last_event_of_a_quiet_channel_stays_and_the_count_goes_on_from_it() -> None:
    write("recipe:1", 3, hours_ago=100)
    write("recipe:2", 1, hours_ago=100)
    relay_now()
    trim_streams()
    assert kept("recipe:1") == [3]
    assert kept("recipe:2") == [1]
    write("recipe:1", 1)
    relay_now()
    assert kept("recipe:1") == [3, 4]
    assert StreamEvent.objects.aggregate(head=Max("position"))["head"] == 5


def test_a_busy_channel_keeps_its_newest(settings: Settings) -> None:
    settings.STREAM_RETENTION_EVENTS = 10
    write("recipe:1", 25)
    write("recipe:2", 10)
    relay_now()
    trim_streams()
    assert kept("recipe:1") == list(range(16, 26))
    assert kept("recipe:2") == list(range(1, 11))


def test_what_no_relay_has_numbered_yet_stays_however_old() -> None:
    write("recipe:1", 2, hours_ago=100)
    trim_streams()
    assert kept("recipe:1") == [None, None]


def test_it_works_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    for channel in ("recipe:1", "recipe:2"):
        write(channel, 7, hours_ago=100)
    write("recipe:3", 9)
    relay_now()
    assert retention.trim(before=timezone.now() - timedelta(hours=24), keep=4) == 12 + 5
    assert [kept(f"recipe:{n}") for n in (1, 2, 3)] == [[7], [7], [6, 7, 8, 9]]
    assert retention.trim(before=timezone.now() - timedelta(hours=24), keep=4) == 0
