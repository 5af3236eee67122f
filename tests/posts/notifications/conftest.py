"""People who do things, and the notifications that others get of them."""

from collections.abc import Callable
from typing import Any

import pytest

from posts.models import Notification, NotificationActor
from tests.factories import UserFactory
from tests.jobs import run_jobs
from tests.recipes.conftest import Person


def inbox(person: Person) -> list[dict[str, Any]]:
    """What PERSON is told, newest first, once all jobs have run."""
    run_jobs()
    response = person.get("/api/notifications/?limit=100")
    assert response.status_code == 200, response.content
    results: list[dict[str, Any]] = response.json()["results"]
    assert_counts_are_exact()
    return results


def told(person: Person) -> list[tuple[str, list[str]]]:
    """The same in short: (kind, who), newest first."""
    return [(item["kind"], [actor["username"] for actor in item["actors"]]) for item in inbox(person)]


def unread(person: Person) -> int:
    count: int = person.get("/api/notifications/unread-count/").json()["count"]
    return count


def read_all(person: Person) -> None:
    items = inbox(person)
    assert person.post("/api/notifications/read/", {"up_to": items[0]["id"]}).json() == {"count": 0}


def assert_counts_are_exact() -> None:
    for notification in Notification.objects.all():
        actors = NotificationActor.objects.filter(notification=notification)
        assert notification.actor_count == actors.count() > 0
        assert notification.updated_at == actors.latest("created_at").created_at


def done(response: Any) -> Any:
    """What a route that must have worked answered."""
    assert response.status_code in (200, 201, 204), response.content
    return response.json() if response.content else None


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    """person("ann", role="seller") is a new person."""
    return lambda username, role="customer", **fields: Person(UserFactory(username=username, role=role, **fields))


@pytest.fixture
def ann(person: Callable[..., Person]) -> Person:
    """A seller, to whom most of the tests' notifications come."""
    return person("ann", role="seller")


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    return person("bob")


@pytest.fixture
def eve(person: Callable[..., Person]) -> Person:
    return person("eve")


@pytest.fixture
def post(ann: Person) -> int:
    """The id of a post of ann's."""
    post_id: int = done(ann.post("/api/posts/", {"text": "Bread is in the oven."}))["id"]
    return post_id
