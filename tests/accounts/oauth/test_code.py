"""From consent to tokens: the authorization code with PKCE, used once."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import Grant
from rest_framework.test import APIClient

from accounts.models import Application, Session, User
from accounts.services.apps import code_exchange
from core.errors import Unauthenticated
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
)
from tests.concurrently import at_once

FORM = "application/x-www-form-urlencoded"


def test_an_app_that_is_allowed_acts_for_the_person(browser: Client, app: Application) -> None:
    answer = answer_in(submit(browser, request_of(app), allow="yes"))
    assert answer["state"] == "xyz" and answer["iss"] == "http://testserver"

    reply = exchange(app, answer["code"])
    assert reply.status_code == 200
    assert set(reply.json()) == {"access_token", "expires_in", "token_type", "scope", "refresh_token"}
    assert reply.json()["scope"] == "read write" and reply.json()["token_type"] == "Bearer"
    assert reply.json()["expires_in"] == 900 and reply["Cache-Control"] == "no-store"
    client = bearer(reply.json()["access_token"])
    assert client.get("/api/me/").json()["username"] == "ann"
    assert client.patch("/api/me/", {"bio": "By an app."}).status_code == 200


def test_an_app_that_is_not_allowed_is_told_so(browser: Client, app: Application) -> None:
    answer = answer_in(submit(browser, request_of(app), deny="yes"))
    assert answer["error"] == "access_denied" and answer["state"] == "xyz" and answer["iss"] == "http://testserver"
    assert not Grant.objects.exists()


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
        {"client_secret": "guessed"},
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


@pytest.mark.django_db(transaction=True)
def test_of_many_who_bring_a_code_at_once_nobody_keeps_it(browser: Client, app: Application) -> None:
    """One of them gets tokens, and loses them to the others, who prove that there are two."""
    code_for(browser, app)
    grant = Grant.objects.select_related("user", "application").get()

    def use() -> str:
        try:
            code_exchange(grant=grant, scope="read")
        except Unauthenticated as error:
            return error.code
        return "won"

    assert sorted(at_once([use] * 6)) == ["token_invalid"] * 5 + ["won"]
    assert not Session.objects.live().filter(application=app).exists()


def test_a_code_is_good_for_a_minute(browser: Client, app: Application) -> None:
    code = code_for(browser, app)
    lifetime = Grant.objects.get().expires - timezone.now()
    assert timedelta(seconds=30) < lifetime <= timedelta(seconds=60)
    Grant.objects.update(expires=timezone.now())
    assert exchange(app, code).json()["error"] == "invalid_grant"
    code_for(browser, app)
    assert Grant.objects.count() == 1  # the dead one has gone


def form_of(app: Application, code: str) -> list[tuple[str, str]]:
    return [
        ("grant_type", "authorization_code"),
        ("client_id", app.client_id),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]


def test_the_app_may_send_a_form_too(browser: Client, app: Application) -> None:
    form = form_of(app, code_for(browser, app))
    assert APIClient().post("/o/token/", urlencode(form), content_type=FORM).status_code == 200


def test_a_parameter_that_comes_twice_is_refused(browser: Client, app: Application) -> None:
    form = [*form_of(app, code_for(browser, app)), ("redirect_uri", "https://evil.example/")]
    refusal = APIClient().post("/o/token/", urlencode(form), content_type=FORM)
    assert refusal.status_code == 400 and refusal.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b"{", 400),
        (b'{"grant_type": 1}', 400),
        (b'{"grant_type": ["authorization_code"]}', 400),
        (b'{"grant_type": "authorization_code", "client_id": "\\u0000"}', 400),
        (b"{}", 400),
    ],
)
@pytest.mark.parametrize("path", ["/o/token/", "/o/revoke_token/"])
def test_a_body_that_is_none_is_answered_in_words_of_oauth(db: None, path: str, body: bytes, status: int) -> None:
    refusal = APIClient().post(path, body, content_type="application/json")
    assert refusal.status_code == status
    assert refusal.json()["error"] in ("invalid_request", "unsupported_grant_type")
    assert APIClient().post(path, b"<a/>", content_type="text/xml").json()["error"] == "invalid_request"


def test_a_confidential_app_has_to_know_its_secret(browser: Client) -> None:
    app = Application(name="Server", redirect_uris=REDIRECT, client_type="confidential", client_secret="s3cret")
    app.save()
    code = code_for(browser, app)
    for guess in (None, "", "wrong", app.client_secret):
        assert exchange(app, code, client_secret=guess).json()["error"] == "invalid_client"
    assert exchange(app, code, client_secret="s3cret", code_verifier="x" * 43).json()["error"] == "invalid_grant"
    assert exchange(app, code, client_secret="s3cret").status_code == 200


def test_an_account_that_is_closed_meanwhile_opens_nothing(browser: Client, app: Application, ann: User) -> None:
    code = code_for(browser, app)
    with transaction.atomic():
        User.objects.filter(pk=ann.pk).update(is_active=False)
    assert exchange(app, code).json()["error"] == "invalid_grant"
