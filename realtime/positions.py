"""Where the streams stand: the epoch, the head of a channel, and how far the relay is behind. For database threads."""

import secrets
import time
from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from realtime.models import Epoch, StreamEvent

EPOCH_CACHE_SECONDS = 10.0
# A relay that is started anew needs a few seconds; for more a host is taken out of service, and an alarm is raised.
LAG_SECONDS = 30.0

_epoch: tuple[str, float] | None = None


# Every read asks for the position, every connect for a head: as SQL the first costs 60 us of CPU, built by the ORM each
# time 580.
_HEAD = """
    SELECT "offset" FROM realtime_streamevent WHERE channel = %s AND "offset" IS NOT NULL
    ORDER BY "offset" DESC LIMIT 1
"""
_HEADS = f"SELECT channel, ({_HEAD.replace('%s', 'asked.channel')}) FROM unnest(%s) asked (channel)"  # noqa: S608
_POSITION = f"SELECT value, ({_HEAD}) FROM realtime_epoch LIMIT 1"  # noqa: S608


def stream_position(channel: str) -> str:
    """`channel;epoch;offset` for the Stream-Position header: what a read has seen of `channel`. Always one query.

    Ask before the read that it accompanies: an event in between is then received twice, and never missed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_POSITION, [channel])
        row = cursor.fetchone()
    value, offset = row if row is not None else (current_epoch(), read_head(channel))
    return f"{channel};{value};{offset or 0}"


def read_head(channel: str) -> int:
    """The offset of the last event on `channel`, 0 when there was none yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [channel])
        row = cursor.fetchone()
    return row[0] if row is not None else 0


def read_heads(channels: Collection[str]) -> dict[str, int]:
    """`read_head` of each. One query."""
    if len(channels) == 1 or connection.vendor != "postgresql":
        return {channel: read_head(channel) for channel in channels}
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [list(channels)])
        return {channel: offset or 0 for channel, offset in cursor.fetchall()}


def current_epoch() -> str:
    """The epoch's name, read at most every 10 s."""
    global _epoch
    if _epoch is None or time.monotonic() - _epoch[1] > EPOCH_CACHE_SECONDS:
        _epoch = (ensure_epoch(), time.monotonic())
    return _epoch[0]


def ensure_epoch(*, using: str | None = None) -> str:
    """The epoch's name as stored, created should it be missing."""
    return Epoch.objects.using(using).get_or_create(id=1, defaults={"value": _new_name()})[0].value


def start_epoch() -> str:
    """Gives the epoch a new name: every client's position is from another life now, and it reads anew."""
    name = _new_name()
    Epoch.objects.update_or_create(id=1, defaults={"value": name})
    forget_epoch()
    return name


def forget_epoch() -> None:
    """Empties this process's cache of the epoch."""
    global _epoch
    _epoch = None


def _new_name() -> str:
    return secrets.token_hex(4)


def relay_lag() -> float:
    """The age in seconds of the oldest event that no relay has numbered yet; 0.0 when none waits. One query."""
    created_at = (
        StreamEvent.objects.filter(position__isnull=True).order_by("id").values_list("created_at", flat=True).first()
    )
    return max((timezone.now() - created_at).total_seconds(), 0.0) if created_at else 0.0
