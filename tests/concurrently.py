"""Things that happen at the same time, in real threads with database sessions of their own."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction

from tests.stack import wait_until

T = TypeVar("T")

# One row for each session of the database that waits for a lock. PostgreSQL only.
WAITING_FOR_LOCKS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def at_once(calls: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all calls, none of which starts before every thread is there. Needs `transaction=True`."""
    waiting = list(calls)
    barrier = Barrier(len(waiting))

    def run(call: Callable[[], T]) -> T:
        try:
            barrier.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


def someone_waits_for_a_lock() -> bool:
    """Whether any session of this database does: for a test that holds one. PostgreSQL only."""
    with connection.cursor() as cursor:
        # A transaction sees the activity of its first look, unless it is told to look again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING_FOR_LOCKS)
        return cursor.fetchone() is not None


def assert_waits_for_the_person(person: Any, call: Callable[[], Any], rows: Any) -> None:
    """CALL waits for the person, whom somebody holds who takes bytes, and has locked none of ROWS before. Skips SQLite,
    which has one writer at a time.
    """
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            get_user_model()._default_manager.select_for_update(no_key=True).get(pk=person.pk)
            waiting = pool.submit(at_once, [call])
            wait_until(lambda: waiting.done() or someone_waits_for_a_lock(), what="the other one")
            assert not waiting.done(), waiting.result()
            # An OperationalError if it had them: then the two would wait for each other.
            assert list(rows.select_for_update(no_key=True, nowait=True))
        waiting.result()
