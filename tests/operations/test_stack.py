"""The stack of real processes that other tests use."""

import httpx
import pytest
from django.db import connection

from tests.stack import Stack

MIGRATED = "SELECT app, name, applied FROM django_migrations ORDER BY id"


def test_the_stack_serves_its_own_database(stack: Stack) -> None:
    assert httpx.get(f"{stack.url}/readyz").status_code == 200
    assert stack.database_url.rpartition("/")[2].startswith("simmer_stack_")
    assert stack.query("SELECT count(*) FROM django_migrations")[0][0] > 0


@pytest.mark.django_db
def test_the_databases_of_a_run_are_copies_of_one_that_was_migrated(stack: Stack) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MIGRATED)
        assert cursor.fetchall() == stack.query(MIGRATED)


def test_a_killed_process_can_be_started_again(stack: Stack) -> None:
    stack.kill("web")
    assert not stack.alive("web")
    stack.start("web")
    stack.wait_ready()
    assert stack.alive("web")
