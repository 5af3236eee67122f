"""`manage.py new_epoch`."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime.positions import start_epoch


class Command(BaseCommand):
    help = (
        "Begins a new epoch. Run it after you restored the database from a backup, before clients come back: their "
        "positions are of a life that is gone, and they are told to read anew."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"The epoch is now {start_epoch()}. Servers notice within 10 seconds.")
