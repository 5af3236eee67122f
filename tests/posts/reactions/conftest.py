"""People, a post of ann's, and what those who react to it do."""

from collections.abc import Callable
from typing import Any

import pytest

from posts.models import Comment, Post
from tests.factories import PostFactory, RecipeFactory, UserFactory
from tests.recipes.conftest import Person


def done(response: Any) -> Any:
    """What a route that must have worked answered."""
    assert response.status_code in (200, 201, 204), response.content
    return response.json() if response.content else None


def comment_on(person: Person, post_id: int, text: str = "Mmh.") -> int:
    comment_id: int = done(person.post(f"/api/posts/{post_id}/comments/", {"text": text}))["id"]
    return comment_id


def reply_to(person: Person, comment_id: int, text: str = "Indeed.") -> int:
    reply_id: int = done(person.post(f"/api/comments/{comment_id}/replies/", {"text": text}))["id"]
    return reply_id


def stored(post_id: int) -> Post:
    return Post.objects.get(pk=post_id)


def stored_comment(comment_id: int) -> Comment:
    return Comment.objects.get(pk=comment_id)


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    """person("cora", role="seller") is a new person."""
    return lambda username, role="customer", **fields: Person(UserFactory(username=username, role=role, **fields))


@pytest.fixture
def ann(person: Callable[..., Person]) -> Person:
    """The seller to whom the post and the recipe belong."""
    return person("ann", role="seller")


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    return person("bob")


@pytest.fixture
def eve(person: Callable[..., Person]) -> Person:
    return person("eve")


@pytest.fixture
def anonymous() -> Person:
    return Person()


@pytest.fixture
def post_id(ann: Person) -> int:
    return PostFactory(author=ann.user, text="Bread is in the oven.").pk


@pytest.fixture
def recipe_id(ann: Person) -> int:
    return RecipeFactory(seller=ann.user).pk
