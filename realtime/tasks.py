"""Periodic tasks of the transport."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.periodic import periodic
from realtime import canaries, retention

__all__ = ["canaries"]


@periodic("realtime.trim_streams", time_limit=900)
def trim_streams() -> None:
    """Forgets events past the retention: 24 hours and 10,000 a channel."""
    retention.trim(
        before=timezone.now() - timedelta(seconds=settings.STREAM_RETENTION_SECONDS),
        keep=settings.STREAM_RETENTION_EVENTS,
    )
