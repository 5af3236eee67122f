"""GET /api/users/?q=: people found by the beginnings of their names."""

import unicodedata
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.search import named_like
from tests.factories import UserFactory


@pytest.fixture
def people(db: None) -> None:
    UserFactory(username="ann")
    UserFactory(username="joanna", display_name="Ann-Marie O'Soup")
    UserFactory(username="bob_b", display_name="King of Soup")
    UserFactory(username="eve", display_name="Élodie de la Cruz")
    UserFactory(username="priya", display_name="प्रिया शर्मा")
    UserFactory(username="gone", display_name="King", is_active=False)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ANN", ["joanna", "ann"]),
        ("joan", ["joanna"]),
        ("anna", []),
        ("soup", ["bob_b", "joanna"]),
        ("king so", ["bob_b"]),
        ("so king", ["bob_b"]),
        ("king x", []),
        ("marie", ["joanna"]),
        ("ann-marie", ["joanna"]),
        ("ing", []),
        ("Élodie", ["eve"]),
        (unicodedata.normalize("NFD", "Élodie"), ["eve"]),
        ("प्रिया शर्मा", ["priya"]),
        ("शर्", ["priya"]),
        ("रिया", []),
        ("cru la", ["eve"]),
        ("bob_", ["bob_b"]),
        ("nobody", []),
        ("", ["priya", "eve", "bob_b", "joanna", "ann"]),
        ("%", []),
        ("_", []),
        ("ann' & !x | (", []),
        ("a:* & \\ king", []),
        ("'", []),
        ("example.com", []),
        ("x" * 100, []),
    ],
)
def test_a_name_is_found_by_how_it_or_its_words_begin(
    anyone: APIClient, people: None, q: str, found: list[str]
) -> None:
    reply = anyone.get("/api/users/", {"q": q})
    assert reply.status_code == 200, reply.content
    assert [user["username"] for user in reply.json()["results"]] == found


@pytest.mark.parametrize("q", ["soup", "ann", "king so"])
def test_a_search_costs_one_query(anyone: APIClient, people: None, q: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        anyone.get("/api/users/", {"q": q})


def test_postgresql_has_an_index_for_usernames_and_one_for_words(people: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite looks at every row")
    with connection.cursor() as cursor:
        # So few rows would be read faster one after the other.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    plan = named_like(User.objects.all(), "soup").order_by().explain()
    # In a database that sorts by bytes the unique index does as well.
    assert "user_username_prefix" in plan or "user_username_ci" in plan, plan
    assert "user_name_words" in plan, plan
