"""An app's tokens: renewed once each, narrowed, and never a person's own."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Application, Session, User
from accounts.tokens import AccessToken
from tests.accounts.conftest import bearer, sign_in
from tests.accounts.oauth.conftest import REDIRECT, refresh, tokens_for
from tests.actors import client_of


def test_a_refresh_token_works_once(browser: Client, app: Application) -> None:
    first = tokens_for(browser, app)
    second = refresh(app, first["refresh_token"])
    assert second.status_code == 200 and second.json()["scope"] == "read write"
    assert bearer(second.json()["access_token"]).get("/api/me/").status_code == 200
    third = refresh(app, second.json()["refresh_token"]).json()

    # One that comes back was stolen from the app, or by it: nobody can say which.
    assert refresh(app, first["refresh_token"]).json() == {"error": "invalid_grant"}
    for token in (first["access_token"], second.json()["access_token"], third["access_token"]):
        assert bearer(token).get("/api/me/").status_code == 401
    assert refresh(app, third["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_can_ask_for_less_and_not_for_more(browser: Client, app: Application) -> None:
    first = tokens_for(browser, app, "read write")
    narrow = refresh(app, first["refresh_token"], scope="read").json()
    assert narrow["scope"] == "read"
    assert bearer(narrow["access_token"]).get("/api/me/").status_code == 200
    assert bearer(narrow["access_token"]).patch("/api/me/", {"bio": "x"}).status_code == 403
    whole = refresh(app, narrow["refresh_token"]).json()
    assert whole["scope"] == "read write"

    reader = tokens_for(browser, app, "read")
    for more in ("read write", "moderate", "read admin"):
        assert refresh(app, reader["refresh_token"], scope=more).json()["error"] == "invalid_scope"
    # Nothing was used up by asking.
    assert refresh(app, reader["refresh_token"]).json()["scope"] == "read"


def test_another_app_can_neither_refresh_nor_revoke(browser: Client, app: Application) -> None:
    other = Application.objects.create(name="Other", redirect_uris=REDIRECT)
    tokens = tokens_for(browser, app)
    assert refresh(other, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    for token in ("access_token", "refresh_token"):
        answer = APIClient().post("/o/revoke_token/", {"client_id": other.client_id, "token": tokens[token]})
        assert answer.status_code == 200
    assert bearer(tokens["access_token"]).get("/api/me/").status_code == 200
    assert refresh(app, tokens["refresh_token"]).status_code == 200


def test_an_app_does_not_become_the_person(browser: Client, app: Application) -> None:
    """Its refresh token opens nothing where people refresh, for what comes of it there has no limits."""
    tokens = tokens_for(browser, app, "read")
    answer = APIClient().post("/api/auth/token/refresh/", {"refresh": tokens["refresh_token"]})
    assert answer.status_code == 401 and answer.json()["code"] == "token_invalid"
    assert refresh(app, tokens["refresh_token"]).status_code == 200


def test_an_app_cannot_refresh_a_persons_own_session(browser: Client, app: Application) -> None:
    own = sign_in("ann")
    assert refresh(app, own["refresh"]).json()["error"] == "invalid_grant"
    APIClient().post("/o/revoke_token/", {"client_id": app.client_id, "token": own["refresh"]})
    assert bearer(own["access"]).get("/api/me/").status_code == 200


def test_a_token_of_an_app_that_does_not_say_what_it_is_for_opens_nothing(
    browser: Client, app: Application, ann: User
) -> None:
    tokens_for(browser, app)
    token = AccessToken()
    token["sid"], token["user_id"] = str(Session.objects.get(application=app).pk), ann.pk
    assert bearer(str(token)).get("/api/me/").status_code == 403


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "other"])
def test_either_token_ends_both(browser: Client, app: Application, token: str, hint: str | None) -> None:
    tokens = tokens_for(browser, app)
    body = {"client_id": app.client_id, "token": tokens[token], **({"token_type_hint": hint} if hint else {})}
    for _ in range(2):  # RFC 7009, 2.2: nor is the second time an error
        answer = APIClient().post("/o/revoke_token/", body)
        assert answer.status_code == 200 and answer.content == b""
    assert bearer(tokens["access_token"]).get("/api/me/").status_code == 401
    assert refresh(app, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_needs_the_app_to_say_who_it_is(browser: Client, app: Application) -> None:
    tokens = tokens_for(browser, app)
    answer = APIClient().post("/o/revoke_token/", {"token": tokens["access_token"]})
    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
    assert APIClient().post("/o/revoke_token/", {"client_id": app.client_id}).status_code == 400
    assert bearer(tokens["access_token"]).get("/api/me/").status_code == 200


def test_an_app_signs_out_by_itself(browser: Client, app: Application) -> None:
    tokens = tokens_for(browser, app, "read")
    assert bearer(tokens["access_token"]).post("/api/auth/logout/").status_code == 204
    assert refresh(app, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_first_party_tokens_cost_one_query_still(ann: User, django_assert_num_queries: object) -> None:
    client = client_of(ann)
    with django_assert_num_queries(2):  # type: ignore[operator]  # whose token it is, and the list
        assert client.get("/api/me/blocked/").status_code == 200
