"""Tests of the real stack, as its users meet it: REST, sockets and Celery in processes of their own."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from core.processes import bound, free_port, stop
from tests.live.people import Person
from tests.services import ROOT
from tests.stack import Stack, wait_until


@pytest.fixture(autouse=True)
def clients_closed() -> Iterator[None]:
    """Every person of the test hangs up."""
    yield
    while Person.clients:
        Person.clients.pop().close()


@pytest.fixture
def seller(stack: Stack) -> Person:
    return Person(stack, role="seller")


@pytest.fixture
def customer(stack: Stack) -> Person:
    return Person(stack)


@pytest.fixture
def plain_daphne(stack: Stack) -> Iterator[str]:
    """The address of a second web server, which is Daphne as it comes."""
    port = free_port()
    command = [sys.executable, "-m", "daphne", "--port", str(port), "--verbosity", "0", "core.asgi:application"]
    process = subprocess.Popen(bound(command), cwd=ROOT, env=stack.env, start_new_session=True)

    def answers() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, what="plain Daphne", seconds=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)
