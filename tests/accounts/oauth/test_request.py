"""What an app may ask for at /o/authorize/, and who is told of what is wrong: the app, or only the person."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Application, User
from tests.accounts.oauth.conftest import (
    REDIRECT,
    VERIFIER,
    answer_in,
    code_for,
    exchange,
    request_of,
    submit,
    tokens_for,
)

SCHEME = "com.example.app:/back"


@pytest.mark.parametrize(
    "redirect",
    [
        f"{REDIRECT}/",
        f"{REDIRECT}?next=https://evil.example/",
        f"{REDIRECT}?",
        f"{REDIRECT};a=b",
        f"{REDIRECT}/../other",
        f"{REDIRECT}#fragment",
        REDIRECT.replace("https", "http"),
        REDIRECT.replace("app.example", "evil.app.example"),
        REDIRECT.replace("app.example", "app.example.evil.example"),
        REDIRECT.replace("app.example", "app.example:8443"),
        REDIRECT.replace("app.example", "app.example@evil.example"),
        REDIRECT.replace("app.example", "evil.example%00.app.example"),
        "//app.example/back",
        "javascript:alert(1)",
        "data:text/html,hello",
        "com.example.app:/other",
        "com.example.other:/back",
        "not a URL",
        "",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_apps(browser: Client, app: Application, redirect: str) -> None:
    for client in (browser, Client()):
        answer = client.get(request_of(app, redirect_uri=redirect))
        assert answer.status_code == 400 and "Location" not in answer
    refused = browser.post(
        request_of(app, redirect_uri=redirect), {"allow": "yes", "csrfmiddlewaretoken": token_of(browser)}
    )
    assert refused.status_code == 400


def token_of(browser: Client) -> str:
    browser.get("/o/apps/")
    return browser.cookies["csrftoken"].value


def test_an_app_on_the_device_may_listen_on_any_port(browser: Client, db: None) -> None:
    app = Application.objects.create(name="Desktop", redirect_uris="http://127.0.0.1/back")
    for port in (49152, 50000):
        here = f"http://127.0.0.1:{port}/back"
        code = answer_in(submit(browser, request_of(app, redirect_uri=here), allow="yes"), here)["code"]
        assert exchange(app, code, redirect_uri=here).status_code == 200
    for elsewhere in ("http://127.0.0.1:49152/other", "http://localhost:49152/back", "http://127.0.0.2:49152/back"):
        assert browser.get(request_of(app, redirect_uri=elsewhere)).status_code == 400


def test_a_scheme_of_the_apps_own_leads_back_to_it(browser: Client, app: Application) -> None:
    code = answer_in(submit(browser, request_of(app, redirect_uri=SCHEME), allow="yes"), SCHEME)["code"]
    assert exchange(app, code, redirect_uri=SCHEME).status_code == 200
    assert answer_in(submit(browser, request_of(app, redirect_uri=SCHEME), deny="yes"), SCHEME)["error"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unauthorized_client"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None, "code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 500}, "invalid_request"),
        ({"scope": "read admin"}, "invalid_scope"),
        ({"scope": "moderate"}, "invalid_scope"),
    ],
    ids=str,
)
@pytest.mark.parametrize("redirect", [REDIRECT, SCHEME])
def test_the_app_is_told_what_is_wrong_with_its_request(
    browser: Client, app: Application, changes: dict[str, Any], error: str, redirect: str
) -> None:
    answer = answer_in(browser.get(request_of(app, redirect_uri=redirect, **changes)), redirect)
    assert answer["error"] == error and answer["state"] == "xyz" and "code" not in answer
    if changes != {"scope": "moderate"}:  # what that is depends on who is asked
        assert answer_in(Client().get(request_of(app, redirect_uri=redirect, **changes)), redirect)["error"] == error


@pytest.mark.parametrize("query", ["", "client_id=unknown", "client_id=%FF%FE", "%zz=1", "client_id=a&client_id=b"])
def test_a_request_of_nobody_known_is_told_to_the_person(browser: Client, query: str) -> None:
    answer = browser.get(f"/o/authorize/?{query}")
    assert answer.status_code == 400
    assert "This does not work" in answer.content.decode()


def test_parts_of_other_protocols_are_ignored(browser: Client, app: Application) -> None:
    code = code_for(browser, app, nonce="n" * 300, claims="{", resource="https://elsewhere.example/", prompt="none")
    assert exchange(app, code).status_code == 200


def test_without_a_scope_the_app_may_read(browser: Client, app: Application) -> None:
    assert exchange(app, code_for(browser, app, scope=None)).json()["scope"] == "read"


def test_an_app_gets_moderate_of_staff_alone(browser: Client, app: Application, ann: User) -> None:
    assert tokens_for(browser, app, "read moderate read")["scope"] == "read"
    User.objects.filter(pk=ann.pk).update(staff_role=User.StaffRole.MODERATOR)
    assert tokens_for(browser, app, "read moderate read")["scope"] == "read moderate"


def test_the_page_says_who_asks_for_what_and_whom(browser: Client, app: Application) -> None:
    page = browser.get(request_of(app, scope="read")).content.decode()
    assert "May <em>Pocket Kitchen</em> act for you?" in page
    assert "<b>ann</b>" in page and REDIRECT in page
    assert "Read what you can read" in page and "Publish, rate" not in page


def test_the_name_of_an_app_is_text(browser: Client, app: Application) -> None:
    Application.objects.update(name="<script>alert(1)</script>")
    assert "<script>" not in browser.get(request_of(app)).content.decode()


def test_consent_needs_the_forms_token(browser: Client, app: Application) -> None:
    browser.get(request_of(app))
    assert browser.post(request_of(app), {"allow": "yes"}).status_code == 403


def test_the_page_cannot_be_framed_and_its_form_leads_to_the_app_alone(browser: Client, app: Application) -> None:
    for redirect, source in ((REDIRECT, "https://app.example"), (SCHEME, "com.example.app:")):
        page = browser.get(request_of(app, redirect_uri=redirect))
        policy = dict(part.split(" ", 1) for part in page["Content-Security-Policy"].split("; "))
        assert policy["form-action"] == f"'self' {source}"
        assert policy["frame-ancestors"] == policy["default-src"] == "'none'"
        assert "script-src" not in policy
        assert page["X-Frame-Options"] == "DENY" and page["Cache-Control"] == "no-store"
