"""The relay as a process: one works, the next waits; killed, cut off or stopped, it leaves dense offsets."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from django.db import connection, connections

from realtime.lock import lock_for, prepare_connections
from tests.realtime.relay_process import RelayProcess
from tests.relaying import assert_dense, nothing_waits, steady_writing, working_numbers, write
from tests.stack import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_second_relay_waits_and_takes_over_when_the_first_is_killed(tmp_path: Path) -> None:
    with RelayProcess(tmp_path, name="first") as first:
        first.wait_for("relay.started")
        with RelayProcess(tmp_path, name="second") as second:
            second.wait_for("relay.standby")
            write("recipes", 3)
            wait_until(nothing_waits)
            assert "relay.started" not in second.log
            first.kill()
            write("recipes", 3)
            second.wait_for("relay.started")
            wait_until(nothing_waits)
    assert_dense()


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.faults)])
def test_a_relay_killed_again_and_again_leaves_dense_offsets(tmp_path: Path, kills: int) -> None:
    """In the middle of batches: a writer never stops. A standby takes over each time."""
    with ExitStack() as stack, steady_writing():
        working = stack.enter_context(RelayProcess(tmp_path, name="relay-0"))
        working.wait_for("relay.started")
        for number in range(1, kills + 1):
            standby = stack.enter_context(RelayProcess(tmp_path, name=f"relay-{number}"))
            standby.wait_for("relay.standby")
            wait_until(working_numbers(), what="numbers by the relay at work")
            working.kill()
            working = standby
            working.wait_for("relay.started")
        working.kill()
    with RelayProcess(tmp_path, name="last"):
        wait_until(nothing_waits)
    assert_dense()


def test_sigterm_ends_it_cleanly_and_frees_the_lock(tmp_path: Path) -> None:
    with RelayProcess(tmp_path, name="first") as first, RelayProcess(tmp_path, name="second") as second:
        wait_until(lambda: "relay.started" in first.log + second.log)
        wait_until(lambda: "relay.standby" in first.log + second.log)
        worker, standby = (first, second) if "relay.started" in first.log else (second, first)
        write("recipes", 10)
        assert worker.terminate() == 0
        assert "relay.stopped" in worker.log
        standby.wait_for("relay.started")
        wait_until(nothing_waits)
        assert standby.terminate() == 0
    assert_dense()


def test_a_standby_ends_cleanly_as_well(tmp_path: Path) -> None:
    with RelayProcess(tmp_path, name="first") as first:
        first.wait_for("relay.started")
        with RelayProcess(tmp_path, name="second") as second:
            second.wait_for("relay.standby")
            assert second.terminate() == 0


@pytest.mark.parametrize(("thread", "holds_the_lock"), [("numbering", True), ("enqueueing", False)])
def test_an_error_of_the_database_ends_it_with_an_error(tmp_path: Path, thread: str, holds_the_lock: bool) -> None:
    with RelayProcess(tmp_path) as relay:
        relay.wait_for("relay.started")

        def cut() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND %s ="
                    " (pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted))",
                    [holds_the_lock],
                )
                return cursor.rowcount == 1

        wait_until(cut, what=f"the connection for {thread}")
        assert relay.process.wait(60) == 1
        assert "relay.failed" in relay.log


def test_both_ends_of_its_connection_notice_a_dead_network_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's end too, which would otherwise keep a dead relay's lock for two hours."""
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", {})
    prepare_connections()
    try:
        lock_for(connection)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout'),"
                " current_setting('idle_session_timeout')"
            )
            assert cursor.fetchone() == ("2", "4000", "3s")
        ours = connection.connection.info.dsn_parameters
        assert (ours["keepalives_idle"], ours["tcp_user_timeout"]) == ("2", "4000")
    finally:
        connection.close()


def test_on_sqlite_one_works_the_other_waits_and_nothing_is_lost(tmp_path: Path, migrated_sqlite: Path) -> None:
    database = shutil.copy(migrated_sqlite, tmp_path / "simmer.sqlite3")
    env = {"DATABASE_URL": f"sqlite:///{database}"}

    def work(thread: int) -> None:
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
            for turn in range(50):
                connection.execute(
                    "INSERT INTO realtime_streamevent (channel, type, data, created_at)"
                    " VALUES (?, 'test', '{}', '2026-01-01 00:00:00')",
                    [f"recipe:{(thread + turn) % 3}"],
                )

    def query(sql: str) -> list[tuple[int, ...]]:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    with RelayProcess(tmp_path, name="first", **env) as first:
        first.wait_for("relay.started")
        with RelayProcess(tmp_path, name="second", **env) as second:
            second.wait_for("relay.standby")
            with ThreadPoolExecutor(4) as threads:
                writers = [threads.submit(work, number) for number in range(4)]
                first.kill()
            for writer in writers:
                writer.result()
            second.wait_for("relay.started")
            wait_until(lambda: query("SELECT count(*) FROM realtime_streamevent WHERE position IS NULL") == [(0,)])
            assert second.terminate() == 0
    assert query("SELECT count(*), max(position) FROM realtime_streamevent") == [(200, 200)]
    heads = query('SELECT count(*), min("offset"), max("offset") FROM realtime_streamevent GROUP BY channel')
    assert all(count == head and first == 1 for count, first, head in heads)
