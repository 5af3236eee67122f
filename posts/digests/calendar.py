"""Which day it is where, and what a digest of that day tells of. Pure, but for the clock."""

import logging
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection
from django.utils import timezone

log = logging.getLogger(__name__)

HOUR = time(6)
FRIDAY = 4


def clock() -> datetime:
    """Now, by the clock of the database: one for all hosts. (SQLite's is this host's.)"""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for one that this installation does not know (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        log.warning("time_zone_unknown name=%s", name)
        return ZoneInfo("UTC")


def local_date(now: datetime, zone_name: str) -> date:
    """The date on the wall there."""
    return now.astimezone(zone(zone_name)).date()


def day_to_begin(now: datetime, zone_name: str) -> date | None:
    """The day whose digests may be sent there: a weekday on which six in the morning has come; else None."""
    there = now.astimezone(zone(zone_name))
    return there.date() if there.weekday() <= FRIDAY and there.time() >= HOUR else None


def morning(day: date, zone_name: str) -> datetime:
    """Six o'clock of that day there."""
    return datetime.combine(day, HOUR, zone(zone_name)).astimezone(UTC)


def window(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """What a digest tells of: from the morning of the weekday before to its own. Each moment is in one of them."""
    before = day - timedelta(days=1)
    while before.weekday() > FRIDAY:
        before -= timedelta(days=1)
    return morning(before, zone_name), morning(day, zone_name)
