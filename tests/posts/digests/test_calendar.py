"""Which day it is where: weekdays, time zones, and the nights when clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts.digests.calendar import clock, day_to_begin, local_date, window

ZONES = sorted(available_timezones())
MOMENTS = st.integers(0, 70 * 365 * 86_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        ("UTC", "2026-03-04T05:59:59", None),
        ("UTC", "2026-03-04T06:00:00", "2026-03-04"),
        ("UTC", "2026-03-06T23:59:59", "2026-03-06"),
        ("UTC", "2026-03-07T00:00:00", None),
        ("UTC", "2026-03-08T12:00:00", None),
        # It is Friday evening in UTC, and Saturday in Auckland; Monday morning there is Sunday in UTC.
        ("Pacific/Auckland", "2026-03-06T17:30:00", None),
        ("Pacific/Auckland", "2026-03-08T17:00:00", "2026-03-09"),
        ("Pacific/Kiritimati", "2026-03-05T15:59:59", None),
        ("Pacific/Kiritimati", "2026-03-05T16:00:00", "2026-03-06"),
        # Saturday in UTC is Friday still in Honolulu.
        ("Pacific/Honolulu", "2026-03-07T09:00:00", "2026-03-06"),
        ("Asia/Kathmandu", "2026-03-04T00:14:59", None),
        ("Asia/Kathmandu", "2026-03-04T00:15:00", "2026-03-04"),
        # Berlin is an hour ahead on Friday 27 March, two on Monday 30 March.
        ("Europe/Berlin", "2026-03-27T04:59:59", None),
        ("Europe/Berlin", "2026-03-27T05:00:00", "2026-03-27"),
        ("Europe/Berlin", "2026-03-30T03:59:59", None),
        ("Europe/Berlin", "2026-03-30T04:00:00", "2026-03-30"),
        # New York goes back on Sunday 1 November.
        ("America/New_York", "2026-10-30T10:00:00", "2026-10-30"),
        ("America/New_York", "2026-11-02T10:59:59", None),
        ("America/New_York", "2026-11-02T11:00:00", "2026-11-02"),
        # A zone that this installation does not know is UTC.
        ("Europe/Atlantis", "2026-03-04T06:00:00", "2026-03-04"),
    ],
)
def test_a_day_begins_at_six_in_the_morning_of_a_weekday(zone: str, now: str, day: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert day_to_begin(moment, zone) == (date.fromisoformat(day) if day else None)


@settings(deadline=None)
@given(st.sampled_from(ZONES), MOMENTS)
def test_no_day_is_begun_at_a_weekend_or_before_six(zone: str, now: datetime) -> None:
    day = day_to_begin(now, zone)
    if day is not None:
        assert day == local_date(now, zone)
        assert day.weekday() < 5
        assert window(day, zone)[1] <= now


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2040, 1, 1)))
def test_each_moment_is_told_of_by_one_digest(zone: str, day: date) -> None:
    while day.weekday() > 4:
        day += timedelta(days=1)
    following = day + timedelta(days=3 if day.weekday() == 4 else 1)
    assert window(day, zone)[1] == window(following, zone)[0]
    since, until = window(day, zone)
    assert since < until


def test_mondays_digest_tells_of_the_weekend() -> None:
    since, until = window(date(2026, 3, 30), "Europe/Berlin")
    assert since.isoformat() == "2026-03-27T05:00:00+00:00"
    assert until.isoformat() == "2026-03-30T04:00:00+00:00"


@pytest.mark.django_db
def test_the_clock_is_that_of_the_database() -> None:
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock().utcoffset() == timedelta(0)
