"""Reading feeds as people do: over HTTP, once the workers have done what there was to do."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from posts.feed import candidates, keys
from tests.jobs import run_jobs
from tests.posts.conftest import Person

LATEST, RANKED = "/api/feed/?order=latest", "/api/feed/?order=ranked"


def page(reader: Person, address: str = LATEST) -> dict[str, Any]:
    response = reader.get(address)
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def feed(reader: Person, address: str = LATEST) -> list[int]:
    """The ids on the first page, after the workers."""
    run_jobs()
    return [post["id"] for post in page(reader, address)["results"]]


def walk(reader: Person, address: str, *, to: str = "next", between: Callable[[], object] = lambda: None) -> list[int]:
    """The ids on all pages from ADDRESS on. BETWEEN happens after each."""
    found: list[int] = []
    while address:
        here = page(reader, address)
        ids = [post["id"] for post in here["results"]]
        found = found + ids if to == "next" else ids + found
        between()
        address = here[to]
    return found


class _Vendor:
    vendor = "sqlite"

    def __getattr__(self, name: str) -> Any:
        from django.db import connection

        return getattr(connection, name)


@pytest.fixture(params=["the statement of PostgreSQL", "the plain query"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the database reads feeds by, the answers are the same."""
    if request.param == "the plain query":
        monkeypatch.setattr(keys, "connection", _Vendor())
        monkeypatch.setattr(candidates, "connection", _Vendor())
    yield
