"""Celery tasks of the transport, started by beat."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.celery import app
from realtime import retention


@app.task(name="realtime.trim_streams")
def trim_streams() -> None:
    """Forgets events past the retention: 24 hours and 10,000 a channel."""
    retention.trim(
        before=timezone.now() - timedelta(seconds=settings.STREAM_RETENTION_SECONDS),
        keep=settings.STREAM_RETENTION_EVENTS,
    )
