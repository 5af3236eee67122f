"""Events that are told to whoever listens at this moment and are not kept: no row, no offset, no recovery.

For what the next one makes stale, such as progress in percent: what is missed is read with the thing itself. They go to
the bus directly, so telling never waits for Redis, and what does not get through is dropped.

    with Teller() as teller:
        teller.tell(UploadProgress(actor=None, owner_id=3, media_id="...", progress=40))
"""

from types import TracebackType
from typing import Any

from django.utils import timezone

from realtime.bus import EPHEMERAL_TYPE, EphemeralMessage, encode_data
from realtime.events import Event
from realtime.publishing import Publisher


class EphemeralEvent(Event):
    """Never recorded. Registered and documented like any other event; subclasses are frozen dataclasses too."""


def bus_messages(event: EphemeralEvent) -> list[EphemeralMessage]:
    """One message for each of the event's channels."""
    now = timezone.now().isoformat()
    data: dict[str, Any] = {"type": event.type, "at": now, "actor": event.actor, **event.payload()}
    encoded = encode_data(data)
    return [{"type": EPHEMERAL_TYPE, "channel": channel, "data": encoded} for channel in event.channels()]


class Teller:
    """Tells from synchronous code, through one connection to the bus and a thread of its own while it is open."""

    def __enter__(self) -> "Teller":
        self._publisher = Publisher()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._publisher.close()

    def tell(self, event: EphemeralEvent) -> None:
        """Returns at once."""
        self._publisher.publish(bus_messages(event))
