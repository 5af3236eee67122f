"""`manage.py backup_users`."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.backups.files import backup_place, make


class Command(BaseCommand):
    help = "Makes a backup of all users now, besides that of the week: before an upgrade, or to see that it works."

    def handle(self, **options: Any) -> None:
        place = backup_place()
        manifest = make(place)
        self.stdout.write(f"{manifest.file} in {place}: {manifest.rows} users, {manifest.size} bytes, read back.")
