"""What a person's data export consists of: each app adds its files to it, and need not know who puts them together.

    register_export("ratings", ratings, about="What you think of recipes.")   # in AppConfig.ready()

    def ratings(user: User) -> Rows:
        yield from in_chunks(Rating.objects.filter(user=user).values("id", "recipe_id", "score", "review"))

A file holds what is the person's own. Of others it may name whom the person chose (by id and username), never more:
no e-mails, no words of theirs, nothing that they do not show to this person. Passwords, tokens and other secrets are in
none. tests/posts/exports/test_every_table.py has a table that points to a person be in a file, or say why it is not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

# Rows that are held at a time.
CHUNK = 1_000

Row = Mapping[str, Any]
# Of JSON types, dates, times, UUIDs and decimals.
Rows = Iterator[Row]


@dataclass(frozen=True)
class ExportFile:
    """`{name}.json` of each export: a list of the rows that `rows(user)` yields. `about` tells its owner what it is."""

    name: str
    rows: Callable[[Any], Rows]
    about: str


_files: dict[str, ExportFile] = {}


def register_export(name: str, rows: Callable[[Any], Rows], *, about: str) -> None:
    """For `AppConfig.ready()`. ValueError: there is a file of that name."""
    if name in _files:
        raise ValueError(f"the export has two files {name!r}")
    _files[name] = ExportFile(name, rows, about)


def export_files() -> list[ExportFile]:
    """In the order of their registration: lower apps first."""
    return list(_files.values())


def in_chunks(rows: QuerySet[Any, Any]) -> Iterator[Any]:
    """Objects of a queryset, or dicts of one with `.values("id", ...)`, by their ids: CHUNK are held at a time.

    Not `iterator()`: behind a pooler (PREPARED_STATEMENTS=false) that holds them all.
    """
    last: Any = None
    while True:
        chunk = list((rows if last is None else rows.filter(pk__gt=last)).order_by("pk")[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        last = chunk[-1].pk if isinstance(chunk[-1], Model) else chunk[-1]["id"]
