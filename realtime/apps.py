from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        post_migrate.connect(_ensure_epoch, sender=self)


def _ensure_epoch(using: str, **kwargs: Any) -> None:
    """A database has an epoch from its first migration on; an emptied one (a flush) begins another."""
    from realtime import positions

    positions.ensure_epoch(using=using)
