"""Control events across channels: those on inboxes that change what their user may read on other channels.

Within one channel the order of events is the order of offsets. The comment on a post and the block that hides it come
on two channels, by two servers of the bus or by two reads of the store, in any order. So each process knows up to which
`position` (the relay's order of all events) it has taken in every control event, and delivers no event that the relay
numbered after a control event which it does not know:

- The relay publishes control events before all others of their batch, to a group that every hub joins, and each message
  names the control event before it (realtime/publishing.py). What the bus lost is read from the store.
- Events that are read from the store wait for the control events before them, which are read there too.

An event that was committed after another one is numbered after it, so all this holds for writes one after another.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from core import threads
from realtime.bus import CONTROL_CHANNEL, BusMessage
from realtime.channels import NAMESPACES
from realtime.events import Reauthorize, reauthorizes
from realtime.joining import Joining
from realtime.models import StreamEvent

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)

# How long a message of the bus waits for a read of the store; afterwards its topic is filled from there.
READ_SECONDS = 1.0
# Between two retries of a join, and two looks at the store without need: that bounds what a read has to go through.
KEEP_SECONDS = 1.0


class ControlEvent(NamedTuple):
    position: int
    channel: str
    offset: int
    # Flags: realtime.events.Reauthorize.
    reauthorize: int


class Controls:
    """The control events that one hub knows: all up to `position`; -1 before the first look at the store."""

    def __init__(self, hub: "Hub", joining: Joining) -> None:
        self._hub = hub
        self._bus = joining
        self.position = -1
        # How many epochs were forgotten: a read that began before says nothing of the present one.
        self._epochs = 0
        self._reading: asyncio.Task[None] | None = None
        # The read at hand takes too long: nobody waits for it any more.
        self._is_late = False
        self._joined = False

    def forget(self) -> None:
        """The positions of before are void: another epoch has begun."""
        self.position = -1
        self._epochs += 1

    async def keep(self) -> None:
        """Works for as long as the hub does. Raises what Redis raises; called again, it goes on there."""
        while True:
            await self.look()
            if not self._joined:
                await self._bus.join(CONTROL_CHANNEL)
                self._joined = True
            await asyncio.sleep(KEEP_SECONDS)

    async def reach(self, position: int) -> bool:
        """Whether all control events up to `position` are known, read from the store if need be. Never raises."""
        for _ in range(2):  # a read that has begun before may have missed it
            if position <= self.position:
                return True
            if self._is_late:
                return False
            await self.look()
        return position <= self.position

    def take_message(self, message: BusMessage) -> None:
        """Takes in a control message, which has been delivered here as far as it could be."""
        channel = message["channel"]
        found = [ControlEvent(event[0], channel, event[1], event[4]) for event in message["events"] if event[4]]
        self._take(found)
        # Not beyond one that was lost before this.
        if found and message["control"] <= self.position:
            self.position = max(self.position, found[-1].position)

    def _take(self, events: Iterable[ControlEvent]) -> None:
        """Raises the fences of those that were not delivered here."""
        for event in events:
            inbox = self._hub.topics.get(event.channel)
            if inbox is not None and not (inbox.opened and inbox.offset >= event.offset):
                inbox.behind = True
                self._hub.fences.raise_for_user(inbox, event.reauthorize, is_delivered=False)

    async def look(self) -> None:
        """Read the control events that are new in the store. Returns after READ_SECONDS at most."""
        if self._reading is None:
            self._reading = self._hub.background(self._read())
        _, pending = await asyncio.wait({self._reading}, timeout=READ_SECONDS)
        self._is_late = bool(pending)

    async def _read(self) -> None:
        before, epochs = self.position, self._epochs
        try:
            position, events = await threads.run(control_events_after, before)
        except Exception as error:
            log.warning("controls_not_read position=%d error=%r", before, error)
            return
        finally:
            self._reading = None
            self._is_late = False
        if self._epochs != epochs:
            return
        if before < 0:
            # Nobody knows what came before: all users here are asked about.
            for topic in tuple(self._hub.topics.values()):
                if topic.namespace.server_side and topic.namespace.recoverable:
                    self._hub.fences.raise_for_user(topic, Reauthorize.PERSON)
        self._take(events)
        self.position = max(self.position, position)


def control_events_after(position: int) -> tuple[int, list[ControlEvent]]:
    """(the newest position of all, the control events between the two, in order). Two queries; -1: none are wanted."""
    numbered = StreamEvent.objects.filter(position__isnull=False).order_by("-position")
    newest = numbered.values_list("position", flat=True).first() or 0
    if position < 0 or newest <= position:
        return newest, []
    inboxes = [name for name, namespace in NAMESPACES.items() if namespace.server_side and namespace.recoverable]
    channels = Q(pk__in=[])
    for name in inboxes:
        channels |= Q(channel__startswith=f"{name}:")
    rows = (
        StreamEvent.objects.filter(channels, position__gt=position, position__lte=newest)
        .order_by("position")
        .values_list("position", "channel", "offset", "type")
    )
    return newest, [
        ControlEvent(row_position or 0, channel, offset or 0, flags)
        for row_position, channel, offset, type_ in rows
        if (flags := reauthorizes(type_))
    ]
