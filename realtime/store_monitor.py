"""Watches the event store for one hub: its epoch, how far the hub has read, and whether the store lost events."""

from collections.abc import Collection, Mapping

from core import threads
from realtime.gathering import Gathering, Start
from realtime.positions import current_epoch, start_epoch
from realtime.store import PAGE, EventsLost, Marker, newest_marker, newest_offsets_since


class StoreMonitor:
    """`epoch` is None before the first `epoch_changed()`, `marker` before `start_reading()`."""

    def __init__(self, start: Start) -> None:
        self.epoch: str | None = None
        self.marker: Marker | None = None
        # The highest position that the bus has delivered.
        self._received = 0
        self._epochs = Gathering[None, str](_ask_epoch, start)

    async def epoch_changed(self) -> bool:
        """Read the epoch. Return whether it differs from the one before; then every known position is void."""
        epoch = await self._epochs.get(None)
        before, self.epoch = self.epoch, epoch
        if before in (None, epoch):
            return False
        self.marker, self._received = None, 0
        return True

    async def start_reading(self) -> bool:
        """Set the marker to the newest event. Return False if it is set already, and leave it."""
        if self.marker is not None:
            return False
        self.marker = await threads.run(newest_marker)
        return True

    def note_received(self, position: int) -> None:
        """The bus has delivered an event at `position`. Its number was committed before, so the store has it."""
        self._received = max(self._received, position)

    async def poll(self) -> tuple[dict[str, int], bool]:
        """Return (the highest offset of each channel that moved since the last poll, whether there is more).

        If the store lost events that it once had, start a new epoch, which `epoch_changed` then reports. This is the
        last resort, for a loss that does not change the database's origin: the relay detects all others.
        """
        epoch, before, received = self.epoch, self.marker, self._received
        if before is None:
            return {}, False  # a new epoch has begun: `start_reading` comes first
        try:
            marker, heads = await threads.run(newest_offsets_since, before)
            more = marker.position - before.position >= PAGE
            if marker.position < received and not more:
                raise EventsLost
        except EventsLost:
            await threads.run(start_epoch, instead_of=epoch)
            return {}, False
        if self.epoch != epoch:
            return {}, False
        self.marker = marker
        return heads, more


async def _ask_epoch(_: Collection[None]) -> Mapping[None, str]:
    return {None: await threads.run(current_epoch)}
