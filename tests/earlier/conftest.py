"""How every answer at an earlier address tells of its successor."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def client(db: None) -> Client:
    """A client of an earlier system: it knows no address of today's."""
    return Client()


def successor_of(response: Any) -> str:
    """Today's address, from the headers that every deprecated answer has."""
    assert response["Deprecation"].startswith("@") and response["Deprecation"][1:].isdecimal()
    *_, link = response["Link"].split(", ")
    target, relation = link.split("; ")
    assert relation == 'rel="successor-version"'
    return target.strip("<>")
