"""Two people and a stranger."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from realtime.models import StreamEvent
from tests.actors import client_of
from tests.factories import PASSWORD, SellerFactory, UserFactory


@pytest.fixture
def ann(db: None) -> User:
    """A customer who has not confirmed her e-mail address yet."""
    return UserFactory(username="ann", email="ann@example.com", email_verified_at=None)


@pytest.fixture
def bob(db: None) -> User:
    """A seller."""
    return SellerFactory(username="bob", email="bob@example.com")


@pytest.fixture
def anyone(db: None) -> APIClient:
    """Not signed in."""
    return APIClient()


@pytest.fixture
def as_ann(ann: User) -> APIClient:
    return client_of(ann)


@pytest.fixture
def as_bob(bob: User) -> APIClient:
    return client_of(bob)


def sign_in(username: str, password: str = PASSWORD) -> dict[str, Any]:
    """The token reply of a good sign-in."""
    response = APIClient().post("/api/auth/token/", {"username": username, "password": password})
    assert response.status_code == 200, response.content
    return response.json()


def bearer(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def events_on(channel: str) -> list[dict[str, Any]]:
    """The data of what was recorded on a channel, oldest first."""
    return list(StreamEvent.objects.filter(channel=channel).order_by("id").values_list("data", flat=True))
