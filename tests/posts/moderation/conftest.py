"""Staff, and somebody whose things are reported."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.posts.conftest import Person


@pytest.fixture
def molly(person: Callable[..., Person]) -> Person:
    return person("molly", staff_role="moderator")


@pytest.fixture
def root(person: Callable[..., Person]) -> Person:
    return person("root", staff_role="admin")


def report(by: Person, target: str, thing_id: int, **more: Any) -> dict[str, Any]:
    """A report of BY's; what the API answers."""
    response = by.post("/api/reports/", {"target": target, "id": thing_id, "reason": "spam", **more})
    assert response.status_code in (200, 201), response.content
    answer: dict[str, Any] = response.json()
    return answer


def decide(staff: Person, report_id: int, status: str, **more: Any) -> Any:
    return staff.patch(f"/api/moderation/reports/{report_id}/", {"status": status, **more})


def queue(staff: Person, query: str = "") -> list[dict[str, Any]]:
    response = staff.get(f"/api/moderation/reports/{query}")
    assert response.status_code == 200, response.content
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def audit(staff: Person) -> list[tuple[str, str, str | None]]:
    """(action, target, whose) of what staff did, newest first."""
    results = staff.get("/api/moderation/actions/").json()["results"]
    return [(row["action"], row["target"], row["owner"] and row["owner"]["username"]) for row in results]
