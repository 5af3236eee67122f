"""Which database constraint an IntegrityError broke, of what kind it is, and what to say of it."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from django.apps import apps
from django.db import IntegrityError
from django.db.models import UniqueConstraint

FALLBACK = "This contradicts something that is already stored."
Kind = Literal["unique", "foreign_key", "check", "not_null", "other"]

_SQLSTATES: dict[str, Kind] = {
    "23502": "not_null",
    "23503": "foreign_key",
    "23505": "unique",
    "23514": "check",
    "23P01": "unique",  # exclusion
}
_SQLITE_WORDS: dict[str, Kind] = {
    "UNIQUE": "unique",
    "FOREIGN KEY": "foreign_key",
    "CHECK": "check",
    "NOT NULL": "not_null",
}


@dataclass(frozen=True, slots=True)
class Violated:
    """`name` is "" where the database does not say it and no model tells."""

    name: str
    kind: Kind
    message: str


def violated(error: IntegrityError) -> Violated:
    """PostgreSQL names constraint and kind; SQLite writes a sentence with the name or with the columns."""
    diagnostics = getattr(error.__cause__, "diag", None)
    if diagnostics is not None:
        name = diagnostics.constraint_name or ""
        kind = _SQLSTATES.get(diagnostics.sqlstate or "", "other")
    else:
        kind, name = _of_sqlite(str(error))
    return Violated(name, kind, _messages().get(name, FALLBACK))


def _of_sqlite(text: str) -> tuple[Kind, str]:
    """`CHECK constraint failed: name`, `UNIQUE constraint failed: index 'name'`, `... failed: table.a, table.b`."""
    match = re.fullmatch(r"([A-Z ]+) constraint failed(?:: (.*))?", text, re.DOTALL)
    if match is None:
        return "other", ""
    kind = _SQLITE_WORDS.get(match[1], "other")
    what = (match[2] or "").removeprefix("index ").strip("'")
    return kind, _names_by_columns().get(what, what)


@cache
def _messages() -> dict[str, str]:
    """The message of every named constraint of every model that has one of its own."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            message = constraint.violation_error_message
            own = message if message and message != constraint.default_violation_error_message else FALLBACK
            found[constraint.name] = str(own)
    return found


@cache
def _names_by_columns() -> dict[str, str]:
    """{"table.a, table.b": name} of the unique constraints over plain columns, as SQLite names those."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.fields:
                columns = [model._meta.get_field(name).column for name in constraint.fields]  # type: ignore[union-attr]
                found[", ".join(f"{model._meta.db_table}.{column}" for column in columns)] = constraint.name
    return found
