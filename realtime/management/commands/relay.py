"""`manage.py relay`."""

import logging
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils.module_loading import autodiscover_modules

from core import metrics
from core.side_port import open_side_port
from core.watch import Watch
from realtime import relay_metrics
from realtime.numbering import Conflict
from realtime.relay import Relay

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    # They would load every view, and a mistake in one of them is no reason to stop moving events.
    requires_system_checks: list[str] = []
    help = (
        "Numbers what services recorded, publishes it to the servers and enqueues jobs. Nothing moves without it. "
        "One works; start a second one as a standby. Ends with an error when the database fails: supervise it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        settings.DEBUG = False  # which would keep every statement in memory
        autodiscover_modules("events")
        Watch().start()
        relay = Relay()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: relay.stop())
        metrics.register(relay_metrics.of_relay(relay))
        open_side_port(relay_metrics.trouble_of(relay))
        try:
            relay.run()
        except (Error, Conflict) as error:
            reason = " ".join(str(error).split())
            logger.error("relay.failed error=%s", type(error).__name__, exc_info=error)
            raise CommandError(f"relay.failed error={type(error).__name__}: {reason}") from error
