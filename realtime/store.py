"""Reading numbered events back: recovery, gaps on the bus, what the bus lost."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from realtime.bus import encode_data
from realtime.events import reauthorizes
from realtime.models import StreamEvent

# Rows read at once.
PAGE = 1000


class StoredEvent(NamedTuple):
    """An event as hubs deliver it; `data` is JSON."""

    offset: int
    data: bytes
    # None or 0 when nobody did it.
    actor_id: int | None
    # Flags: realtime.events.Reauthorize.
    reauthorize: int
    # Whose content it carries, where that is not the actor. None or 0: the actor's, or none.
    author_id: int | None = None
    # 0 when it came by the bus, whose message says what has to be known before it.
    position: int = 0

    def is_by(self, users: Collection[int]) -> bool:
        """Whether one of `users` is the actor or the author of its content."""
        return self.actor_id in users or self.author_id in users


def events_after(channel: str, offset: int, up_to: int | None = None) -> list[StoredEvent]:
    """At most PAGE events of `channel` after `offset` (and not beyond `up_to`), in order. One query."""
    events = StreamEvent.objects.filter(channel=channel, offset__gt=offset)
    if up_to is not None:
        events = events.filter(offset__lte=up_to)
    return _read(events.order_by("offset"), PAGE)


def events_before(channel: str, offset: int, *, limit: int) -> list[StoredEvent]:
    """The LIMIT last events of `channel` before `offset`, newest first. One query."""
    return _read(StreamEvent.objects.filter(channel=channel, offset__lt=offset).order_by("-offset"), limit)


def events_within(channel: str, offset: int, up_to: int, *, limit: int) -> list[StoredEvent]:
    """The LIMIT first events of `channel` after `offset` and not beyond `up_to`, in order. One query."""
    events = StreamEvent.objects.filter(channel=channel, offset__gt=offset, offset__lte=up_to)
    return _read(events.order_by("offset"), limit)


def _read(events: QuerySet[StreamEvent, StreamEvent], limit: int) -> list[StoredEvent]:
    rows = events.annotate(json=Cast("data", TextField())).values_list(
        "offset", "json", "type", "actor_id", "author_id", "position"
    )[:limit]
    return [
        StoredEvent(offset or 0, encode_data(json), actor_id, reauthorizes(type_), author_id, position or 0)
        for offset, json, type_, actor_id, author_id, position in rows
    ]


class Marker(NamedTuple):
    """How far a reader has read the store: a position, and the id and time of the row at that position."""

    position: int = 0
    row: tuple[int, datetime] | None = None


class EventsLost(Exception):
    """A row that was read or delivered is gone, or another row has its position: the database lost events."""


def newest_marker() -> Marker:
    """Return the marker of the last event. One query."""
    rows = StreamEvent.objects.filter(position__isnull=False).order_by("-position")
    for position, id_, created_at in rows.values_list("position", "id", "created_at")[:1]:
        return Marker(position or 0, (id_, created_at))
    return Marker()


def newest_offsets_since(marker: Marker) -> tuple[Marker, dict[str, int]]:
    """Return (the marker read up to, at most PAGE further; the highest offset of every channel that moved). One query.

    Raises EventsLost if another row is at `marker`, or no row is at or after it. A missing row alone proves nothing:
    retention deletes rows, but never the last one.
    """
    heads: dict[str, int] = {}
    rows = (
        StreamEvent.objects.filter(position__gte=marker.position)
        .order_by("position")
        .values_list("position", "channel", "offset", "id", "created_at")[: PAGE + 1]
    )
    if not rows and marker.row is not None:
        raise EventsLost
    for position, channel, offset, id_, created_at in rows:
        # Numbered rows have both; only their type allows null.
        found = Marker(position or 0, (id_, created_at))
        if found.position > marker.position:
            marker = found
            heads[channel] = max(offset or 0, heads.get(channel, 0))
        elif found != marker:
            raise EventsLost
    return marker, heads
