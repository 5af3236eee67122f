"""When what somebody allows an app is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Application, Session, User
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.accounts.oauth.conftest import code_for, exchange, refresh, submit, tokens_for
from tests.factories import PASSWORD, UserFactory


@pytest.fixture
def tokens(browser: Client, app: Application) -> dict[str, Any]:
    return tokens_for(browser, app)


def is_over(app: Application, tokens: dict[str, Any], person: User) -> None:
    answer = bearer(tokens["access_token"]).get("/api/me/")
    assert answer.status_code == 401 and answer.json()["code"] == "token_invalid"
    assert refresh(app, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert "session.revoked" in [event["type"] for event in events_on(f"inbox:{person.pk}")]


def test_a_changed_password_ends_it(app: Application, ann: User, browser: Client, tokens: dict[str, Any]) -> None:
    pending = code_for(browser, app)
    own = bearer(sign_in("ann")["access"])
    change = {"current_password": PASSWORD, "new_password": "another long sentence"}
    assert own.post("/api/auth/password/change/", change).status_code == 204
    is_over(app, tokens, ann)
    assert exchange(app, pending).json()["error"] == "invalid_grant"
    assert browser.get("/o/apps/").status_code == 302  # signed out there, too


def test_a_closed_account_ends_it(app: Application, ann: User, browser: Client, tokens: dict[str, Any]) -> None:
    pending = code_for(browser, app)
    assert bearer(sign_in("ann")["access"]).delete("/api/me/", {"password": PASSWORD}).status_code == 204
    is_over(app, tokens, ann)
    assert exchange(app, pending).json()["error"] == "invalid_grant"
    assert browser.get("/o/apps/").status_code == 302


def test_a_suspended_account_ends_it(app: Application, ann: User, tokens: dict[str, Any], admin_client: Client) -> None:
    people = {"action": "suspend", "_selected_action": [ann.pk]}
    assert admin_client.post("/admin/accounts/user/", people).status_code == 302
    is_over(app, tokens, ann)


def test_signing_out_everywhere_else_ends_it(
    app: Application, ann: User, browser: Client, tokens: dict[str, Any]
) -> None:
    assert bearer(sign_in("ann")["access"]).delete("/api/me/sessions/").status_code == 204
    is_over(app, tokens, ann)
    assert browser.get("/o/apps/").status_code == 302  # the cookie is dead as well
    submit(browser, "/o/sign-in/", identifier="ann", password=PASSWORD)
    assert browser.get("/o/apps/").status_code == 200


def test_taking_it_back_ends_it_and_nothing_else(
    app: Application, ann: User, browser: Client, tokens: dict[str, Any]
) -> None:
    other = Application.objects.create(name="Other", redirect_uris=app.redirect_uris)
    own, twice, others = sign_in("ann"), tokens_for(browser, app, "read"), tokens_for(browser, other)
    pending = code_for(browser, app)
    page = browser.get("/o/apps/").content.decode()
    assert page.count("Take it back") == 2 and "Pocket Kitchen" in page and "in 2 places" in page

    answer = submit(browser, "/o/apps/", client_id=app.client_id)
    assert answer.status_code == 302 and answer["Location"] == "/o/apps/"

    is_over(app, tokens, ann)
    is_over(app, twice, ann)
    assert exchange(app, pending).json()["error"] == "invalid_grant"
    for kept in (own["access"], others["access_token"]):
        assert bearer(kept).get("/api/me/").status_code == 200
    page = browser.get("/o/apps/").content.decode()
    assert "Pocket Kitchen" not in page and "Other" in page


def test_nobody_takes_back_what_others_allow(app: Application, ann: User, tokens: dict[str, Any]) -> None:
    UserFactory(username="bob")
    bobs = Client(enforce_csrf_checks=True)
    submit(bobs, "/o/sign-in/", identifier="bob", password=PASSWORD)
    assert submit(bobs, "/o/apps/", client_id=app.client_id).status_code == 302
    for unknown in ("unknown", "", "\x00"):
        assert submit(bobs, "/o/apps/", client_id=unknown).status_code == 404
    assert bearer(tokens["access_token"]).get("/api/me/").status_code == 200


def test_a_deleted_app_acts_for_nobody(
    app: Application, ann: User, tokens: dict[str, Any], admin_client: Client
) -> None:
    delete = {"post": "yes"}
    assert admin_client.post(f"/admin/accounts/application/{app.pk}/delete/", delete).status_code == 302
    assert bearer(tokens["access_token"]).get("/api/me/").status_code == 401
    assert refresh(app, tokens["refresh_token"]).json()["error"] == "invalid_client"
    assert "session.revoked" in [event["type"] for event in events_on(f"inbox:{ann.pk}")]
    assert not Session.objects.filter(user=ann).exists()


def test_the_list_of_sessions_names_the_app_and_what_it_may(app: Application, tokens: dict[str, Any]) -> None:
    sessions = bearer(sign_in("ann")["access"]).get("/api/me/sessions/").json()["results"]
    assert [(each["app"], each["scopes"]) for each in sessions] == [
        (None, None),
        ("Pocket Kitchen", ["read", "write"]),
    ]


@pytest.mark.parametrize("count", [5, 50])
def test_the_page_of_apps_costs_the_same_for_many(
    browser: Client, ann: User, count: int, django_assert_num_queries: Any
) -> None:
    apps = [Application(name=f"App {number}", client_id=f"app-{number}") for number in range(count)]
    Application.objects.bulk_create(apps)
    expires = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(Session(user=ann, application=app, scope="read", expires_at=expires) for app in apps)
    with django_assert_num_queries(3):  # the cookie's session, its person, the apps
        assert browser.get("/o/apps/").content.decode().count("Take it back") == count


def test_apps_do_not_read_the_list(tokens: dict[str, Any]) -> None:
    assert APIClient().get("/o/apps/", HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}").status_code == 302
