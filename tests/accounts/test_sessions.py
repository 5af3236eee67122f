"""GET DELETE /api/me/sessions/ and POST /api/auth/password/change/"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Session, User
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.actors import client_of
from tests.factories import PASSWORD
from tests.jobs import run_jobs
from tests.mailbox import Mailbox


def test_people_see_where_they_are_signed_in(ann: User, bob: User) -> None:
    anyone = APIClient()
    body = {"username": "ann", "password": PASSWORD}
    access = anyone.post("/api/auth/token/", body, HTTP_USER_AGENT="curl/8.0").json()["access"]
    sign_in("ann")
    sign_in("bob")
    sessions = bearer(access).get("/api/me/sessions/").json()["results"]
    assert [session["is_current"] for session in sessions] == [False, True]
    assert sessions[1]["user_agent"] == "curl/8.0"
    assert sessions[1]["app"] is None and sessions[1]["scopes"] is None
    names = {"id", "user_agent", "created_at", "refreshed_at", "expires_at", "is_current", "app", "scopes"}
    assert set(sessions[0]) == names


def test_the_pages_of_sessions_are_complete(ann: User) -> None:
    client = client_of(ann)
    for _ in range(4):
        sign_in("ann")
    first = client.get("/api/me/sessions/?limit=3").json()
    second = client.get(first["next"]).json()
    seen = [session["id"] for page in (first, second) for session in page["results"]]
    assert len(set(seen)) == len(seen) == 5


def test_signing_out_everywhere_else_keeps_this_session_alone(ann: User, bob: User) -> None:
    here, there, elsewhere, of_bob = sign_in("ann"), sign_in("ann"), sign_in("ann"), sign_in("bob")
    assert bearer(here["access"]).delete("/api/me/sessions/").status_code == 204
    assert bearer(here["access"]).get("/api/me/").status_code == 200
    assert bearer(of_bob["access"]).get("/api/me/").status_code == 200
    for reply in (there, elsewhere):
        assert bearer(reply["access"]).get("/api/me/").status_code == 401
    assert len(events_on(f"inbox:{ann.pk}")) == 2
    bearer(here["access"]).delete("/api/me/sessions/")
    assert len(events_on(f"inbox:{ann.pk}")) == 2


def change(client: APIClient, current: Any, new: Any) -> Any:
    return client.post("/api/auth/password/change/", {"current_password": current, "new_password": new})


def test_a_changed_password_opens_and_the_old_one_does_not(ann: User) -> None:
    here, there = sign_in("ann"), sign_in("ann")
    assert change(bearer(here["access"]), PASSWORD, "a new long password").status_code == 204
    assert bearer(here["access"]).get("/api/me/").status_code == 200
    assert bearer(there["access"]).get("/api/me/").status_code == 401
    sign_in("ann", "a new long password")
    assert APIClient().post("/api/auth/token/", {"username": "ann", "password": PASSWORD}).status_code == 401


def test_a_change_is_told_by_mail(ann: User, mailbox: Mailbox) -> None:
    change(client_of(ann), PASSWORD, "a new long password")
    run_jobs()
    [message] = mailbox.messages
    assert (message["To"], message["Subject"]) == ("ann@example.com", "Your password was changed")


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", "a new long password", "current_password"),
        (PASSWORD, "12345678", "new_password"),
        (PASSWORD, "ann@example.com", "new_password"),
        (PASSWORD, "", "new_password"),
        (None, "a new long password", "current_password"),
    ],
)
def test_a_refused_change_says_which_field_and_ends_no_session(ann: User, current: Any, new: Any, field: str) -> None:
    here, there = sign_in("ann"), sign_in("ann")
    response = change(bearer(here["access"]), current, new)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]
    assert bearer(there["access"]).get("/api/me/").status_code == 200
    sign_in("ann")


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_of_sessions_costs_two_queries(ann: User, count: int, django_assert_num_queries: Any) -> None:
    client = client_of(ann)
    expires = Session.objects.get().expires_at
    Session.objects.bulk_create(Session(user=ann, expires_at=expires) for _ in range(count - 1))
    with django_assert_num_queries(2):
        assert len(client.get("/api/me/sessions/?limit=100").json()["results"]) == count
