"""Pages of other origins: those that are listed may call the API, and nothing but the API; never with cookies."""

import pytest
from django.test import Client
from pytest_django import Settings

OURS, THEIRS = "https://app.example", "https://evil.example"


@pytest.fixture(autouse=True)
def listed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [OURS]


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/recipes/", "/api/me/", "/api/nothing/", "/auth/login/", "/recipes/"])
def test_a_listed_origin_may_read_answers_and_refusals(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": OURS})
    assert answer["Access-Control-Allow-Origin"] == OURS
    assert "origin" in answer["Vary"].lower()
    assert "Access-Control-Allow-Credentials" not in answer
    exposed = answer["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "RateLimit", "Retry-After", "Stream-Position", "WWW-Authenticate", "X-Request-ID"} <= set(exposed)


@pytest.mark.parametrize(
    "origin", [THEIRS, "null", "https://app.example.evil.example", "http://app.example", OURS + ":8443"]
)
def test_no_other_may(client: Client, origin: str) -> None:
    answer = client.get("/api/recipes/", headers={"Origin": origin})
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer
    # What a cache keeps of it is not given to those who may.
    assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api", "/healthz"])
def test_what_is_no_api_is_nobodys(client: Client, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": OURS})


def test_a_browser_that_asks_first_learns_what_it_may_send(client: Client) -> None:
    asked = {
        "Origin": OURS,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key, if-match",
    }
    answer = client.options("/api/recipes/1/", headers=asked)
    assert answer.status_code == 200 and answer["Access-Control-Allow-Origin"] == OURS
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    allowed = answer["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key", "if-match"} <= set(allowed)
    refused = client.options("/api/recipes/1/", headers={**asked, "Origin": THEIRS})
    assert "Access-Control-Allow-Origin" not in refused
