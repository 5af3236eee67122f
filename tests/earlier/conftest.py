"""Clients of the earlier systems, and how every answer at an earlier address tells of its successor."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.sessions import session_open
from tests.actors import access_of
from tests.factories import UserFactory
from tests.media_pipeline.conftest import files  # noqa: F401  a fixture


def signed_in(user: User) -> Client:
    """It sends forms, unless it is told to send JSON."""
    return Client(HTTP_AUTHORIZATION=f"Bearer {access_of(session_open(user=user))}")


@pytest.fixture
def client(db: None) -> Client:
    """A client of an earlier system: it knows no address of today's."""
    return Client()


@pytest.fixture
def author(db: None) -> Client:
    return signed_in(UserFactory(username="ann"))


def successor_of(response: Any) -> str:
    """Today's address, from the headers that every deprecated answer has."""
    assert response["Deprecation"].startswith("@") and response["Deprecation"][1:].isdecimal()
    *_, link = response["Link"].split(", ")
    target, relation = link.split("; ")
    assert relation == 'rel="successor-version"'
    return target.strip("<>")
