"""What a client missed, read from the store: all of it, or the word that it is not all there."""

from core import threads
from realtime import store
from realtime.protocol import Position
from realtime.store import StoredEvent

# More missed events than this are not replayed: reading the resource again costs less.
LIMIT = 5000
LIMIT_BYTES = 4 * 1024 * 1024


async def missed_events(channel: str, since: Position, *, epoch: str, head: int) -> list[StoredEvent] | None:
    """The events after `since` up to offset `head`, in order; None when they are not all there."""
    if since.epoch != epoch or since.offset > head or head - since.offset > LIMIT:
        return None
    missed: list[StoredEvent] = []
    last, size = since.offset, 0
    while last < head:
        page = await threads.run(store.events_after, channel, last, head)
        if not page or page[0].offset != last + 1 or page[-1].offset != last + len(page):
            return None
        missed += page
        size += sum(len(event.data) for event in page)
        if size > LIMIT_BYTES:
            return None
        last = page[-1].offset
    return missed
