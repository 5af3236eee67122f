from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from core.errors import Unavailable
from core.health import register_check
from core.metrics import register_shared
from core.shutdown import register_goodbye


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        from realtime import alarms
        from realtime.metrics import of_canaries, of_events, of_jobs

        post_migrate.connect(_ensure_epoch, sender=self)
        register_check("relay", _relay_keeps_up)
        register_goodbye(_drain)
        alarms.register()
        register_shared(of_events)
        register_shared(of_jobs)
        register_shared(of_canaries)


async def _drain() -> None:
    from realtime.draining import drain

    await drain()


def _relay_keeps_up() -> dict[str, Any]:
    """/readyz: events are numbered soon after they were recorded."""
    from realtime.positions import LAG_SECONDS, relay_lag

    if (lag := relay_lag()) > LAG_SECONDS:
        raise Unavailable(f"Events have waited {lag:.0f} s for a relay: start `manage.py relay`.")
    return {"lag_seconds": round(lag, 3)}


def _ensure_epoch(using: str, **kwargs: Any) -> None:
    """A database has an epoch from its first migration on; an emptied one (a flush) begins another."""
    from realtime.positions import current_epoch

    current_epoch(using=using)
