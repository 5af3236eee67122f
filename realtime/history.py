"""`history`: a part of a channel's past, read from the store without a subscription."""

from typing import NamedTuple

from realtime.positions import read_position
from realtime.protocol import HistoryRequest, Position, UnrecoverablePosition
from realtime.store import StoredEvent, events_before, events_within

# One reply brings no more than this; the client goes on from its last offset.
LIMIT = 1000
LIMIT_BYTES = 1024 * 1024


class Past(NamedTuple):
    """The events asked for, and the head of the stream: while it is further than the last event, there is more."""

    events: list[StoredEvent]
    epoch: str
    offset: int


def read_past(request: HistoryRequest) -> Past:
    """For database threads; two queries.

    Raises UnrecoverablePosition when what follows `since` is not all there any more, or is of another epoch.
    """
    epoch, head = read_position(request.channel)
    since = request.since
    if since is not None and since.epoch not in ("", epoch):
        raise UnrecoverablePosition
    limit = LIMIT if request.limit is None else min(request.limit, LIMIT)
    if request.reverse:
        before = head + 1 if since is None else min(since.offset, head + 1)
        events = events_before(request.channel, before, limit=limit) if limit else []
    else:
        events = _following(request.channel, since, head, limit)
    return Past(_bounded(events), epoch, head)


def _following(channel: str, since: Position | None, head: int, limit: int) -> list[StoredEvent]:
    after = since.offset if since is not None else 0
    if after > head:
        raise UnrecoverablePosition
    events = events_within(channel, after, head, limit=limit) if limit else []
    if since is not None and events and events[0].offset != after + 1:
        raise UnrecoverablePosition
    return events


def _bounded(events: list[StoredEvent]) -> list[StoredEvent]:
    """As many from the start as fit into LIMIT_BYTES, one at least."""
    size = 0
    for number, event in enumerate(events):
        size += len(event.data)
        if size > LIMIT_BYTES and number:
            return events[:number]
    return events
