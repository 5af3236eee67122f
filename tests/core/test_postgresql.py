"""The health check of a connection sees what happened to it, and costs no query."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings


@pytest.mark.django_db(transaction=True)
def test_a_healthy_connection_is_asked_nothing() -> None:
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as queries:
        assert connection.is_usable()
    assert not queries.captured_queries


@pytest.mark.django_db(transaction=True)
def test_a_session_that_the_server_has_ended_is_noticed() -> None:
    connection.ensure_connection()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
            assert cursor.fetchone() == (True,)
        assert not connection.is_usable()
    finally:
        other.close()
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_what_the_server_says_unasked_is_no_end() -> None:
    connection.ensure_connection()
    other = connection.copy()
    try:
        with connection.cursor() as cursor:
            cursor.execute("LISTEN news")
        with other.cursor() as cursor:
            cursor.execute("NOTIFY news")
        assert connection.is_usable()
    finally:
        other.close()
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("prepared", "mode"), [(True, "force_generic_plan"), (False, "auto")])
def test_what_a_session_has_prepared_is_planned_once(settings: Settings, prepared: bool, mode: str) -> None:
    settings.PREPARED_STATEMENTS = prepared
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SHOW plan_cache_mode")
            assert cursor.fetchone() == (mode,)
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_both_ends_of_a_session_notice_soon_that_the_other_is_cut_off() -> None:
    """The server's end too, which would otherwise keep the locks of a dead host's transaction."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout')")
            assert cursor.fetchone() == ("2", "4000")
        ours = other.connection.info.dsn_parameters
        assert (ours["keepalives_idle"], ours["tcp_user_timeout"]) == ("2", "4000")
    finally:
        other.close()
