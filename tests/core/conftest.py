"""A one-hop handler over the views of tests/core/routes.py, on a pool of its own."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from core import threads
from core.handler import OneHopHandler
from tests.core import routes


@pytest.fixture
def small_pool(settings: Settings) -> Iterator[None]:
    """Two threads and two places in the queue."""
    threads.close()
    settings.WEB_THREADS, settings.WEB_QUEUE = 2, 2
    yield
    routes.gate.set()
    threads.close()


@pytest.fixture
def handler(settings: Settings, small_pool: None) -> OneHopHandler:
    settings.ROOT_URLCONF = "tests.core.routes"
    routes.gate.clear()
    routes.notes.clear()
    return OneHopHandler()
