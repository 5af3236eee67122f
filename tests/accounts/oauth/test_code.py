"""From consent to tokens: the authorization code with PKCE, used once."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Application, Session, User
from tests.accounts.conftest import bearer, events_on
from tests.accounts.oauth.conftest import (
    REDIRECT,
    VERIFIER,
    answer_in,
    challenge_of,
    code_for,
    exchange,
    request_of,
    submit,
    tokens_for,
)


def test_an_app_that_is_allowed_acts_for_the_person(browser: Client, app: Application, ann: User) -> None:
    answer = answer_in(submit(browser, request_of(app), allow="yes"))
    assert answer["state"] == "xyz" and answer["iss"] == "http://testserver"

    reply = exchange(app, answer["code"])
    assert reply.status_code == 200
    assert set(reply.json()) == {"access_token", "expires_in", "token_type", "scope", "refresh_token"}
    assert reply.json()["scope"] == "read write" and reply.json()["token_type"] == "Bearer"
    assert reply["Cache-Control"] == "no-store"
    client = bearer(reply.json()["access_token"])
    assert client.get("/api/me/").json()["username"] == "ann"
    assert client.patch("/api/me/", {"bio": "By an app."}).status_code == 200


def test_an_app_that_is_not_allowed_is_told_so(browser: Client, app: Application) -> None:
    assert answer_in(submit(browser, request_of(app), deny="yes")).items() >= {
        ("error", "access_denied"),
        ("state", "xyz"),
    }
    assert not Session.objects.filter(application=app).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"code_verifier": challenge_of(VERIFIER)},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": f"{REDIRECT}/"},
        {"client_id": "unknown"},
        {"client_id": None},
        {"code": "unknown"},
        {"code": None},
        {"grant_type": "password", "username": "ann", "password": "correct horse battery"},
        {"grant_type": "client_credentials"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
        {"grant_type": None},
    ],
    ids=str,
)
def test_a_code_alone_is_not_enough(browser: Client, app: Application, changes: dict[str, Any]) -> None:
    code = code_for(browser, app)
    refusal = exchange(app, code, **changes)
    assert refusal.status_code in (400, 401)
    assert set(refusal.json()) <= {"error", "error_description"}
    assert exchange(app, code).status_code == 200


def test_another_app_cannot_use_the_code(browser: Client, app: Application) -> None:
    other = Application.objects.create(name="Other", redirect_uris=REDIRECT)
    code = code_for(browser, app)
    assert exchange(other, code).json()["error"] == "invalid_grant"
    assert exchange(app, code).status_code == 200


def test_a_code_that_comes_back_ends_what_came_of_it(browser: Client, app: Application, ann: User) -> None:
    code = code_for(browser, app)
    reply = exchange(app, code).json()
    assert exchange(app, code).json()["error"] == "invalid_grant"
    assert bearer(reply["access_token"]).get("/api/me/").status_code == 401
    assert [event["type"] for event in events_on(f"inbox:{ann.pk}")] == ["session.revoked"]
    assert exchange(app, code).json()["error"] == "invalid_grant"


def test_another_app_that_has_a_used_code_ends_nothing(browser: Client, app: Application) -> None:
    other = Application.objects.create(name="Other", redirect_uris=REDIRECT)
    code = code_for(browser, app)
    reply = exchange(app, code).json()
    assert exchange(other, code).status_code == 400
    assert bearer(reply["access_token"]).get("/api/me/").status_code == 200


def test_a_code_is_good_for_a_minute(browser: Client, app: Application) -> None:
    from datetime import timedelta

    from django.utils import timezone
    from oauth2_provider.models import Grant

    code = code_for(browser, app)
    lifetime = Grant.objects.get().expires - timezone.now()
    assert timedelta(seconds=30) < lifetime <= timedelta(seconds=60)
    Grant.objects.update(expires=timezone.now())
    assert exchange(app, code).json()["error"] == "invalid_grant"
    code_for(browser, app)
    assert Grant.objects.count() == 1  # the dead one has gone


def test_the_app_may_send_a_form_too(browser: Client, app: Application) -> None:
    body = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "code": code_for(browser, app),
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    form = {**body, "content_type": "application/x-www-form-urlencoded"}
    from urllib.parse import urlencode

    reply = APIClient().post("/o/token/", urlencode(body), content_type=form["content_type"])
    assert reply.status_code == 200


def test_each_consent_is_a_session_of_its_own(browser: Client, app: Application, ann: User) -> None:
    first, second = tokens_for(browser, app), tokens_for(browser, app, "read")
    assert Session.objects.live().filter(application=app, user=ann).count() == 2
    APIClient().post("/o/revoke_token/", {"client_id": app.client_id, "token": first["access_token"]})
    assert bearer(first["access_token"]).get("/api/me/").status_code == 401
    assert bearer(second["access_token"]).get("/api/me/").status_code == 200
