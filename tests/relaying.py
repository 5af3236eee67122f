"""Numbering in the test's own process, as the relay would, without publishing."""

from django.db import connection

from realtime.numbering import NumberedEvent, Numbering


def relay_now() -> list[NumberedEvent]:
    """Numbers every waiting event that this connection sees. Returns them in their order."""
    numbering = Numbering(connection)
    events: list[NumberedEvent] = []
    while batch := numbering.number():
        events += batch
    return events
