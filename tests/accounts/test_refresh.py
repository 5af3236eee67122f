"""POST /api/auth/token/refresh/: each refresh token works once, and one that comes back ends the session."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.tokens import RefreshToken, issue_tokens
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.concurrently import at_once
from tests.factories import UserFactory


def refresh(token: Any) -> Any:
    return APIClient().post("/api/auth/token/refresh/", {"refresh": token})


def test_a_refresh_gives_new_tokens_of_the_same_session(ann: User) -> None:
    first = sign_in("ann")
    response = refresh(first["refresh"])
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    second = response.json()
    assert set(second) == {"access", "refresh", "user"}
    assert second["refresh"] != first["refresh"]
    assert bearer(second["access"]).get("/api/me/").json()["id"] == ann.pk
    assert bearer(first["access"]).get("/api/me/").status_code == 200
    assert Session.objects.get().generation == 2
    assert refresh(second["refresh"]).status_code == 200


def test_a_refresh_prolongs_the_session(ann: User) -> None:
    reply = sign_in("ann")
    Session.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    refresh(reply["refresh"])
    assert Session.objects.get().expires_at > timezone.now() + timedelta(days=29)


def test_a_refresh_token_used_twice_ends_the_session_of_the_owner_and_of_the_thief(ann: User) -> None:
    first = sign_in("ann")
    elsewhere = sign_in("ann")
    second = refresh(first["refresh"]).json()
    assert refresh(first["refresh"]).json()["code"] == "token_invalid"
    assert bearer(first["access"]).get("/api/me/").status_code == 401
    assert bearer(second["access"]).get("/api/me/").status_code == 401
    assert refresh(second["refresh"]).status_code == 401
    assert bearer(elsewhere["access"]).get("/api/me/").status_code == 200
    revoked = Session.objects.get(revoked_at__isnull=False)
    events = events_on(f"inbox:{ann.pk}")
    assert [(event["type"], event["session_id"]) for event in events] == [("session.revoked", str(revoked.pk))]


def expired(session: Session) -> str:
    token = RefreshToken(issue_tokens(session)["refresh"])
    token.set_exp(from_time=timezone.now() - timedelta(hours=1), lifetime=timedelta(minutes=1))
    return str(token)


def without_generation(session: Session) -> str:
    token = RefreshToken(issue_tokens(session)["refresh"])
    del token["gen"]
    return str(token)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (expired, "token_expired"),
        (without_generation, "token_invalid"),
        (lambda session: issue_tokens(session)["access"], "token_invalid"),
        (lambda session: "junk", "token_invalid"),
    ],
)
def test_what_is_no_refresh_token_is_401_and_harms_no_session(ann: User, make: Any, code: str) -> None:
    reply = sign_in("ann")
    response = refresh(make(Session.objects.get()))
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert refresh(reply["refresh"]).status_code == 200


@pytest.mark.parametrize("token", [None, "", 5, [], "x" * 5000])
def test_a_refresh_without_a_token_is_400(ann: User, token: Any) -> None:
    assert refresh(token).status_code == 400


def test_the_token_of_a_deleted_session_is_401(ann: User) -> None:
    reply = sign_in("ann")
    Session.objects.all().delete()
    assert refresh(reply["refresh"]).status_code == 401


def test_an_expired_access_token_in_the_header_does_not_stop_a_refresh(ann: User) -> None:
    reply = sign_in("ann")
    response = bearer("expired.or.worse").post("/api/auth/token/refresh/", {"refresh": reply["refresh"]})
    assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_ten_refreshes_at_once_exactly_one_succeeds_and_the_session_ends() -> None:
    user = UserFactory(username="ann")
    reply = sign_in("ann")
    answers = at_once([lambda: refresh(reply["refresh"]).status_code] * 10)
    assert Counter(answers) == {200: 1, 401: 9}
    assert Session.objects.get().revoked_at is not None
    assert [event["type"] for event in events_on(f"inbox:{user.pk}")] == ["session.revoked"]
