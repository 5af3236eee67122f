"""Tests of the real stack, as its users meet it: REST, sockets and Celery in processes of their own."""

from collections.abc import Iterator

import pytest

from tests.live.people import Person
from tests.stack import Stack


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
