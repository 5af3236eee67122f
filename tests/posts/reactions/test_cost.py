"""What a like and a comment cost: statements, on the way that benchmarks measure."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.posts.reactions.conftest import comment_on, done
from tests.recipes.conftest import Person


def statements(call: Callable[[], Any]) -> list[str]:
    """The first word of each statement of CALL, without the savepoints, which stand for BEGIN and COMMIT here."""
    with CaptureQueriesContext(connection) as queries:
        done(call())
    words = [query["sql"].split()[0] for query in queries]
    # What the session has prepared is a SELECT.
    return ["SELECT" if word == "EXECUTE" else word for word in words if word not in ("SAVEPOINT", "RELEASE")]


@pytest.fixture
def comment_id(ann: Person, post_id: int) -> int:
    return comment_on(ann, post_id)


def test_a_like_costs_six_statements(bob: Person, post_id: int, comment_id: int) -> None:
    for address in (f"posts/{post_id}", f"comments/{comment_id}"):
        found = statements(lambda address=address: bob.put(f"/api/{address}/like/"))  # type: ignore[misc]
        # Who asks, what it is about; the like, the count, the event, the notification's job.
        assert found == ["SELECT", "SELECT", "INSERT", "UPDATE", "INSERT", "INSERT"]


def test_the_same_like_again_costs_five(bob: Person, post_id: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/like/"))
    again = statements(lambda: bob.put(f"/api/posts/{post_id}/like/"))
    assert again == ["SELECT", "SELECT", "INSERT", "SELECT", "SELECT"]


def test_taking_a_like_back_costs_seven(bob: Person, post_id: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/like/"))
    found = statements(lambda: bob.delete(f"/api/posts/{post_id}/like/"))
    assert found == ["SELECT", "SELECT", "SELECT", "DELETE", "UPDATE", "INSERT", "INSERT"]


def test_a_comment_costs_six_and_a_reply_seven(bob: Person, post_id: int, comment_id: int) -> None:
    path, text = f"/api/posts/{post_id}/comments/", {"text": "Yes."}
    assert statements(lambda: bob.post(path, text)) == ["SELECT", "SELECT", "INSERT", "UPDATE", "INSERT", "INSERT"]
    path = f"/api/comments/{comment_id}/replies/"
    found = statements(lambda: bob.post(path, text))
    assert found == ["SELECT", "SELECT", "INSERT", "UPDATE", "UPDATE", "INSERT", "INSERT"]
