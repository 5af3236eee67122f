"""People for the tests of posts, and a client that speaks for one of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import UserFactory
from tests.recipes import conftest as recipes

# What was recorded on a channel, oldest first.
events = recipes.events


class Person(recipes.Person):
    """A signed-in (or anonymous) person's HTTP client."""

    def write(self, text: str = "Dinner is ready.", **fields: Any) -> dict[str, Any]:
        """Publishes (or schedules) a post; what the API answers."""
        response = self.post("/api/posts/", {"text": text, **fields})
        assert response.status_code == 201, response.content
        post: dict[str, Any] = response.json()
        return post

    def repost(self, post_id: int) -> dict[str, Any]:
        response = self.put(f"/api/posts/{post_id}/repost/")
        assert response.status_code in (200, 201), response.content
        post: dict[str, Any] = response.json()
        return post

    def follow(self, other: "Person") -> None:
        assert self.put(f"/api/users/{other.user.username}/follow/").status_code == 200

    def block(self, other: "Person") -> None:
        assert self.put(f"/api/users/{other.user.username}/block/").status_code == 200

    def mute(self, other: "Person") -> None:
        assert self.put(f"/api/users/{other.user.username}/mute/").status_code == 200

    def listed(self, path: str = "/api/posts/") -> list[int]:
        """The ids on the first page of a list."""
        response = self.get(path)
        assert response.status_code == 200, response.content
        return [row["id"] for row in response.json()["results"]]


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    """person("ann", role="seller") is a new person."""
    return lambda username, role="customer", **fields: Person(UserFactory(username=username, role=role, **fields))


@pytest.fixture
def ann(person: Callable[..., Person]) -> Person:
    return person("ann")


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    return person("bob")


@pytest.fixture
def carl(person: Callable[..., Person]) -> Person:
    return person("carl")


@pytest.fixture
def sally(person: Callable[..., Person]) -> Person:
    """A seller."""
    return person("sally", role="seller")


@pytest.fixture
def premium(person: Callable[..., Person]) -> Person:
    return person("petra", premium_until=timezone.now() + timedelta(days=1))


@pytest.fixture
def moderator(person: Callable[..., Person]) -> Person:
    return person("molly", staff_role="moderator")


@pytest.fixture
def anonymous(db: None) -> Person:
    return Person()
