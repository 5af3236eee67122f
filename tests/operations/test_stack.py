"""The stack of real processes that other tests use."""

import httpx

from tests.stack import Stack


def test_the_stack_serves_its_own_database(stack: Stack) -> None:
    assert httpx.get(f"{stack.url}/readyz").status_code == 200
    assert stack.database_url.rpartition("/")[2].startswith("simmer_stack_")
    assert stack.query("SELECT count(*) FROM django_migrations")[0][0] > 0


def test_a_killed_process_can_be_started_again(stack: Stack) -> None:
    stack.kill("web")
    assert not stack.alive("web")
    stack.start("web")
    stack.wait_ready()
    assert stack.alive("web")
