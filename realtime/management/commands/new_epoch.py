"""`manage.py new_epoch`."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime.positions import start_epoch


class Command(BaseCommand):
    help = (
        "Begins a new epoch: clients come back with positions of a life that is gone, and are told to read anew. The "
        "relay does so by itself after a dump was restored or a standby was promoted. Run it after you put back a copy "
        "of the server's files, or SQLite's, before clients come back."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"The epoch is now {start_epoch()}. Servers notice within two seconds.")
