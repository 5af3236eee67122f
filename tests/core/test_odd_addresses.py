"""Addresses and queries of the real routes that no database could answer are a 400 or a 404, never a failure."""

import pytest
from django.test import Client

from tests.factories import RecipeFactory

pytestmark = pytest.mark.django_db

HUGE = "9" * 30


@pytest.mark.parametrize(
    "path",
    [
        f"/api/recipes/{HUGE}/",
        f"/api/recipes/{HUGE}/ratings/",
        f"/api/recipes/{2**63}/",
        f"/api/recipes/{'9' * 5000}/",
        "/api/users/%00/",
        "/api/users/%F0%9F%98%80/",
        "/api/users/" + "x" * 3000 + "/",
        "/api/nothing/",
    ],
)
def test_what_cannot_be_there_is_not_found(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=0", f"limit={10**9}", "limit=x", "cursor=x", "cursor=", "cursor=%00", "cursor=a:b:c", "q=%00"],
)
@pytest.mark.parametrize("path", ["/api/recipes/", "/api/users/"])
def test_a_query_that_cannot_be_answered_is_refused(client: Client, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", [f"seller={HUGE}", "seller=%F0%9F%98%80", f"tag={'x' * 3000}", "max_minutes=0"])
def test_a_filter_that_nothing_meets_is_an_empty_list(client: Client, query: str) -> None:
    RecipeFactory(cook_minutes=10)
    answer = client.get(f"/api/recipes/?{query}")
    assert answer.status_code == 200 and answer.json()["results"] == []


@pytest.mark.parametrize("path", ["/api/recipes", "/admin", "/api/docs"])
def test_the_last_slash_may_be_forgotten(client: Client, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = client.generic(method, path)
        assert answer.status_code == 308 and answer["Location"] == f"{path}/"
