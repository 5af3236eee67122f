"""The relay flushes its numbers. tests/faults/test_lost_commits.py crashes PostgreSQL."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import ConnectionHandler, connection

from realtime.models import StreamEvent
from realtime.numbering import Numbering


@pytest.mark.django_db
def test_on_postgresql_numbers_are_flushed_whatever_the_session_was_set_to() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        Numbering(connection)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db
def test_on_sqlite_numbers_are_synced_by_a_connection_whose_others_are_not(tmp_path: Path) -> None:
    path = tmp_path / "simmer.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute(f"CREATE TABLE {StreamEvent._meta.db_table} (position bigint)")
    init = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"init_command": init}}
    relays = ConnectionHandler({"default": database})["default"]
    with closing(relays), relays.cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)
        Numbering(relays)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (2,)
