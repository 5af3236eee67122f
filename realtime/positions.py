"""Where the streams stand: the epoch, the head of a channel, and how far the relay is behind. For database threads."""

import secrets
from collections.abc import Collection

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils import timezone

from realtime.models import Epoch, StreamEvent
from realtime.origin import read_origin

# A relay that is started anew needs a few seconds; for more a host is taken out of service, and an alarm is raised.
LAG_SECONDS = 30.0

# Every read asks for the position, every connect for a head, every recovery for the epoch: as SQL the first costs 60 us
# of CPU, built by the ORM each time 580.
_HEAD = """
    SELECT "offset" FROM realtime_streamevent WHERE channel = %s AND "offset" IS NOT NULL
    ORDER BY "offset" DESC LIMIT 1
"""
_HEADS = f"SELECT channel, ({_HEAD.replace('%s', 'asked.channel')}) FROM unnest(%s) asked (channel)"  # noqa: S608
_EPOCH = "SELECT value FROM realtime_epoch LIMIT 1"
_POSITION = f"SELECT value, ({_HEAD}) FROM realtime_epoch LIMIT 1"  # noqa: S608


def stream_position(channel: str) -> str:
    """`channel;epoch;offset` for the Stream-Position header: what a read has seen of `channel`. Always one query.

    Ask before the read that it accompanies: an event in between is then received twice, and never missed.
    """
    epoch, offset = read_position(channel)
    return f"{channel};{epoch};{offset}"


def read_position(channel: str) -> tuple[str, int]:
    """Return the epoch and the head of `channel`, from one snapshot. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITION, [channel])
        row = cursor.fetchone()
    epoch, offset = row if row is not None else (current_epoch(), read_head(channel))
    return epoch, offset or 0


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


def current_epoch(*, using: str | None = None) -> str:
    """Return the epoch's name; create the epoch if it is missing. One query."""
    with connections[using or DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_EPOCH)
        row = cursor.fetchone()
    if row is not None:
        return str(row[0])
    return Epoch.objects.using(using).get_or_create(id=1, defaults={"value": _new_name()})[0].value


def start_epoch(*, instead_of: str | None = None) -> str:
    """Start a new epoch, which makes every client's position void. Return its name.

    `instead_of`: start one only if the epoch still has this name; else return the name that it has.
    """
    origin, before = read_origin(), current_epoch()
    Epoch.objects.filter(value=instead_of or before).update(value=_new_name(), origin=origin)
    return current_epoch()


def start_epoch_if_origin_changed() -> str | None:
    """Start a new epoch if the current one began at another origin (realtime/origin.py).

    The caller holds the relay's lock. Return the new name, or None if the current epoch continues. An epoch without an
    origin was started by a release that stored none: it continues and gets the current origin.
    """
    origin = read_origin()
    current_epoch()
    with transaction.atomic():
        epoch = Epoch.objects.select_for_update().get()
        if epoch.origin == origin:
            return None
        changed = bool(epoch.origin)
        if changed:
            epoch.value = _new_name()
        epoch.origin = origin
        epoch.save()
    return epoch.value if changed else None


def _new_name() -> str:
    return secrets.token_hex(4)


def relay_lag() -> float:
    """The age in seconds of the oldest event that no relay has numbered yet; 0.0 when none waits. One query."""
    created_at = (
        StreamEvent.objects.filter(position__isnull=True).order_by("id").values_list("created_at", flat=True).first()
    )
    return max((timezone.now() - created_at).total_seconds(), 0.0) if created_at else 0.0
