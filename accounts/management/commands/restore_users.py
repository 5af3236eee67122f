"""`manage.py restore_users`."""

from contextlib import closing
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.backups.files import Place, backup_place, backups, check, compare, manifest_at
from accounts.backups.folder import Folder
from accounts.backups.restoring import look_up
from accounts.backups.rows import Damaged, Reading


class Command(BaseCommand):
    help = (
        "Makes the users of a backup who are missing, with a password that nothing matches; changes nobody who is "
        "there. The backup is read to its end and compared with its manifest first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            metavar="FILE",
            help="the path of a users-*.csv.gz with its manifest (.json) beside it, or the name or key of one where "
            "backups are made, or `latest`",
        )
        parser.add_argument("--check", action="store_true", help="only read and compare it, and count who is missing")

    def handle(self, *, file: str, check: bool, **options: Any) -> None:
        try:
            place, name = _found(file)
            self._report(place, name, restore=not check)
        except FileNotFoundError as error:
            raise CommandError(f"There is no {error.filename or error}.") from error
        except Damaged as error:
            raise CommandError(f"This backup is damaged: {error}") from error
        except (ClientError, BotoCoreError) as error:
            raise CommandError(f"The bucket cannot be read: {error}") from error

    def _report(self, place: Place, name: str, *, restore: bool) -> None:
        manifest = manifest_at(place, name)
        if restore:
            check(place, name)
        with closing(place.reading(name)) as source:
            reading = Reading(source)
            found = look_up(reading, restore=restore)
        compare(reading.content, manifest)
        self.stdout.write(
            f"{name}: {found.rows} users of {manifest.taken_at}, {manifest.size} bytes, as its manifest says."
        )
        self.stdout.write(f"{found.missing} of them are not in this database.")
        if restore:
            self.stdout.write(f"{found.restored} were restored.")
        if found.taken:
            self.stdout.write(f"{found.taken} were not: somebody else has their e-mail address now.")


def _found(file: str) -> tuple[Place, str]:
    """The place and name of what was asked for. FileNotFoundError."""
    path = Path(file)
    if path.is_file():
        return Folder(path.parent), path.name
    place = backup_place()
    if file != "latest":
        return place, path.name
    for name in backups(place):
        return place, name
    raise FileNotFoundError(f"backup in {place}")
