"""What a reader receives of an event by somebody hidden from them (a block, a mute): the same offset, no content.

It is by its actor, and by the author of its content where that is another one (`realtime.events.Event`).

Its counters stay, so that what the reader shows stays right, and offsets stay dense for everybody.
"""

from collections.abc import Collection, Sequence

import orjson
from django.db.models import QuerySet

from realtime.bus import encode_data
from realtime.events import EVENTS
from realtime.models import StreamEvent
from realtime.protocol import publication_push
from realtime.store import StoredEvent

NOBODY: frozenset[int] = frozenset()
# What is kept of an event whose class we don't know, for it is newer than this process.
_HARMLESS = ("type", "at")


def hidden_form(data: bytes) -> bytes:
    """The event's data (JSON) with `actor` null, and null in each field that its class calls content."""
    values = orjson.loads(data)
    event_class = EVENTS.get(values.get("type"))
    if event_class is None:
        emptied: Collection[str] = [name for name in values if name not in _HARMLESS]
    else:
        emptied = [name for name in event_class.content if name in values]
    return orjson.dumps({**values, **dict.fromkeys(emptied), "actor": None})


def hide_kept(events: QuerySet[StreamEvent]) -> None:
    """These events are kept in their hidden form from now on. Reads them in chunks, and has an UPDATE for each."""
    for event in events.only("data").iterator(chunk_size=500):
        event.data = orjson.loads(hidden_form(encode_data(event.data)))
        event.save(update_fields=["data"])


def data_for(event: StoredEvent, hidden: frozenset[int]) -> bytes:
    """The event's data as somebody receives it from whom the people of `hidden` are hidden."""
    return hidden_form(event.data) if event.is_by(hidden) else event.data


class Pushes:
    """Events of one channel as pushes: each encoded once for everybody, and once more if a reader hides its maker."""

    def __init__(self, channel: str, events: Sequence[StoredEvent]) -> None:
        self._channel = channel
        self._events = events
        self._whole = [publication_push(channel, event.offset, event.data) for event in events]
        self._hidden: dict[int, bytes] = {}

    def lines_for(self, hidden: frozenset[int]) -> list[bytes]:
        """One push for each event, as somebody receives them from whom the people of `hidden` are hidden."""
        if not hidden:
            return self._whole
        return [
            self._without_content(number) if event.is_by(hidden) else self._whole[number]
            for number, event in enumerate(self._events)
        ]

    def _without_content(self, number: int) -> bytes:
        line = self._hidden.get(number)
        if line is None:
            event = self._events[number]
            line = publication_push(self._channel, event.offset, hidden_form(event.data))
            self._hidden[number] = line
        return line
