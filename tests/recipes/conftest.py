"""People for the tests of recipes, and a client that speaks for one of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.sessions import session_open
from realtime.models import StreamEvent
from recipes.models import Recipe
from tests.actors import access_of
from tests.factories import UserFactory

SHAKSHUKA = {
    "name": "Shakshuka",
    "description": "Eggs in a spiced tomato sauce.",
    "servings": 2,
    "prep_minutes": 10,
    "cook_minutes": 25,
    "tags": ["Breakfast", "#Eggs"],
    "ingredients": ["1 1/2 cups tomatoes, chopped", {"quantity": 4, "unit": "", "food": "eggs"}],
    "steps": ["Cook the tomatoes down.", {"text": "Add the eggs.", "timer_seconds": 360}],
}


class Person(Client):
    """A signed-in (or anonymous) person's HTTP client; JSON unless told otherwise."""

    def __init__(self, user: User | None = None) -> None:
        super().__init__(headers={"Authorization": f"Bearer {access_of(session_open(user=user))}"} if user else None)
        self._user = user

    @property
    def user(self) -> User:
        assert self._user is not None
        return self._user

    def post(self, path: str, data: Any = None, content_type: str = "application/json", **extra: Any) -> Any:  # type: ignore[override]
        return super().post(path, data, content_type, **extra)

    def form(self, path: str, data: Any) -> Any:
        return Client.post(self, path, data)

    def patch(self, path: str, data: Any = None, content_type: str = "application/json", **extra: Any) -> Any:  # type: ignore[override]
        return super().patch(path, data, content_type, **extra)

    def delete(self, path: str, data: Any = "", content_type: str = "application/json", **extra: Any) -> Any:  # type: ignore[override]
        return super().delete(path, data, content_type, **extra)

    def create(self, **changes: Any) -> dict[str, Any]:
        """Publishes a shakshuka with CHANGES; what the API answers."""
        response = self.post("/api/recipes/", {**SHAKSHUKA, **changes})
        assert response.status_code == 201, response.content
        recipe: dict[str, Any] = response.json()
        return recipe

    def rate(self, recipe_id: int, score: Any, **more: Any) -> Any:
        return self.post(f"/api/recipes/{recipe_id}/rate/", {"score": score, **more})


@pytest.fixture
def anonymous() -> Person:
    return Person()


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    """person("ann", role="seller") is a new person."""
    return lambda username, role="customer", **fields: Person(UserFactory(username=username, role=role, **fields))


@pytest.fixture
def seller(person: Callable[..., Person]) -> Person:
    return person("sally", role="seller")


@pytest.fixture
def other_seller(person: Callable[..., Person]) -> Person:
    return person("sam", role="seller")


@pytest.fixture
def customer(person: Callable[..., Person]) -> Person:
    return person("carl")


@pytest.fixture
def moderator(person: Callable[..., Person]) -> Person:
    return person("molly", staff_role="moderator")


def events(channel: str) -> list[dict[str, Any]]:
    """What was recorded on CHANNEL, oldest first."""
    return list(StreamEvent.objects.filter(channel=channel).order_by("id").values_list("data", flat=True))


def recipe(recipe_id: int) -> Recipe:
    return Recipe.objects.get(pk=recipe_id)
