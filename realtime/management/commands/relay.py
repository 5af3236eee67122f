"""`manage.py relay`."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.module_loading import autodiscover_modules

from realtime.numbering import Conflict
from realtime.relay import Relay


class Command(BaseCommand):
    help = (
        "Numbers what services recorded, publishes it to the servers and enqueues jobs. Nothing moves without it. "
        "One works; start a second one as a standby. Ends with an error when the database fails: supervise it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        autodiscover_modules("events")
        relay = Relay()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: relay.stop())
        try:
            relay.run()
        except (DatabaseError, Conflict) as error:
            raise CommandError(f"relay.failed error={type(error).__name__}: {str(error).splitlines()[0]}") from error
