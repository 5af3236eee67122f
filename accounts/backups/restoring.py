"""People back from a backup: those who are missing, as it has them. Nobody who is there is changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models.functions import Lower

from accounts.backups.rows import Row
from accounts.models import Profile, User

# How many are looked up, and made in one transaction.
BATCH = 1_000


@dataclass
class Found:
    """Of the users of a backup: how many there are, are not in the database, and of these cannot be, and why."""

    rows: int = 0
    missing: int = 0
    restored: int = 0
    # Whose e-mail address somebody else has by now.
    taken: int = 0


def look_up(rows: Iterable[Row], *, restore: bool) -> Found:
    """Compares a backup with the database, and with `restore` makes those who are missing. Two queries for each 1,000.

    They get a password that nothing matches: they choose one by "forgot password". Killed anywhere and run again, it
    goes on with whoever is missing still.
    """
    found = Found()
    for batch in _batches(rows):
        found.rows += len(batch)
        missing = _missing(batch)
        found.missing += len(missing)
        if restore and missing:
            with transaction.atomic():
                made = _make(missing)
            found.restored += made
            found.taken += len(missing) - made
    return found


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _missing(batch: Sequence[Row]) -> list[Row]:
    """Those whose username, in any case, nobody has."""
    people = User.objects.annotate(username_ci=Lower("username"))
    names = people.filter(username_ci__in=[row.username.lower() for row in batch])
    known = set(names.values_list("username_ci", flat=True))
    return [row for row in batch if row.username.lower() not in known]


def _make(rows: Sequence[Row]) -> int:
    """Whoever has an e-mail address that is free; how many."""
    people = User.objects.annotate(email_ci=Lower("email"))
    emails = people.filter(email_ci__in=[row.email.lower() for row in rows])
    taken = set(emails.values_list("email_ci", flat=True))
    users = [
        User(
            username=row.username,
            email=row.email,
            date_joined=datetime.fromisoformat(row.date_joined),
            password=make_password(None),
        )
        for row in rows
        if row.email.lower() not in taken
    ]
    made = User.objects.bulk_create(users)
    Profile.objects.bulk_create(Profile(user=user) for user in made)
    return len(made)
