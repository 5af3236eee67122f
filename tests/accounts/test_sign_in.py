"""POST /api/auth/token/, and what an access token opens."""

import logging
import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import hashers
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.tokens import AccessToken, RefreshToken, issue_tokens
from tests.accounts.conftest import bearer, sign_in
from tests.actors import access_of
from tests.factories import PASSWORD


def token(client: APIClient, **body: Any) -> Any:
    return client.post("/api/auth/token/", body)


@pytest.mark.parametrize(
    "who", [{"username": "ann"}, {"username": "ANN"}, {"username": "Ann@Example.com"}, {"email": "ann@example.com"}]
)
def test_username_or_email_and_password_open_a_session(anyone: APIClient, ann: User, who: dict[str, str]) -> None:
    response = token(anyone, **who, password=PASSWORD)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    reply = response.json()
    assert set(reply) == {"access", "refresh", "user"}
    assert reply["user"]["id"] == ann.pk
    assert bearer(reply["access"]).get("/api/me/").status_code == 200
    ann.refresh_from_db()
    assert ann.last_login is not None


def test_a_username_is_never_read_as_someone_elses_email(anyone: APIClient, ann: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(username=ann.email)
    assert token(anyone, username=ann.email, password=PASSWORD).json()["user"]["id"] == ann.pk


def test_unknown_person_wrong_password_and_closed_account_are_answered_alike(anyone: APIClient, ann: User) -> None:
    wrong = token(anyone, username="ann", password="wrong")
    unknown = token(anyone, username="nobody", password="wrong")
    unknown_email = token(anyone, email="nobody@example.com", password="wrong")
    ann.is_active = False
    ann.save()
    closed = token(anyone, username="ann", password=PASSWORD)
    assert {reply.status_code for reply in (wrong, unknown, unknown_email, closed)} == {401}
    assert wrong.content == unknown.content == unknown_email.content == closed.content
    assert wrong["Content-Type"] == "application/problem+json"
    assert wrong.json()["code"] == "bad_credentials"
    assert not Session.objects.exists()


class CountingHasher(hashers.MD5PasswordHasher):
    """Counts how often it works."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


def test_an_unknown_person_costs_as_much_hashing_as_a_wrong_password(
    anyone: APIClient, ann: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    ann.set_password(PASSWORD)
    ann.save()
    costs = []
    for username in ("ann", "nobody"):
        before = CountingHasher.hashed
        assert token(anyone, username=username, password="wrong").status_code == 401
        costs.append(CountingHasher.hashed - before)
    assert costs[0] == costs[1] > 0


@pytest.mark.parametrize(
    "body",
    [
        {"password": PASSWORD},
        {"username": "", "password": PASSWORD},
        {"username": "ann"},
        {"username": "ann", "password": ""},
        {"username": ["ann"], "password": PASSWORD},
        {"username": {"$ne": 1}, "password": PASSWORD},
        {"username": 1, "password": PASSWORD},
        {"username": "ann", "password": 12345678},
        {"username": "a\x00nn", "password": PASSWORD},
    ],
)
def test_an_incomplete_sign_in_is_400(anyone: APIClient, ann: User, body: dict[str, Any]) -> None:
    response = anyone.post("/api/auth/token/", body)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_guessing_a_password_is_stopped_for_that_account_and_address_alone(
    anyone: APIClient, ann: User, bob: User
) -> None:
    for _ in range(5):
        assert token(anyone, username="ann", password="wrong").status_code == 401
    refused = token(anyone, email="ann@example.com", password=PASSWORD)
    assert refused.status_code == 429
    assert refused.json()["code"] == "throttled"
    assert int(refused["Retry-After"]) > 0
    assert token(anyone, username="bob", password=PASSWORD).status_code == 200
    elsewhere = anyone.post("/api/auth/token/", {"username": "ann", "password": PASSWORD}, REMOTE_ADDR="203.0.113.7")
    assert elsewhere.status_code == 200


def test_guessing_the_password_of_nobody_is_stopped_likewise(anyone: APIClient) -> None:
    answers = [token(anyone, username="nobody", password="wrong").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_a_good_sign_in_forgets_the_slips_before(anyone: APIClient, ann: User) -> None:
    for _ in range(3):
        for _ in range(4):
            assert token(anyone, username="ann", password="wrong").status_code == 401
        assert token(anyone, username="ann", password=PASSWORD).status_code == 200


def test_signing_in_is_limited_by_throttle_auth(anyone: APIClient, ann: User, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "auth": "2/min"}
    answers = [token(anyone, username="ann", password=PASSWORD).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_no_email_and_no_token_is_logged(anyone: APIClient, ann: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "django.request")
    token(anyone, username=ann.email, password="wrong")
    reply = token(anyone, email=ann.email, password=PASSWORD).json()
    anyone.post("/api/auth/token/refresh/", {"refresh": reply["refresh"]})
    anyone.post("/api/auth/token/refresh/", {"refresh": reply["refresh"]})
    logged = caplog.text
    assert "Unauthorized" in logged
    assert ann.email not in logged
    assert reply["access"] not in logged
    assert reply["refresh"] not in logged
    assert PASSWORD not in logged


def test_the_claims_name_the_session(ann: User) -> None:
    reply = sign_in("ann")
    access, refresh = AccessToken(reply["access"]).payload, RefreshToken(reply["refresh"]).payload
    session = Session.objects.get()
    assert set(access) == {"token_type", "sid", "user_id", "exp", "iat", "jti"}
    assert set(refresh) == {*access, "gen"}
    assert access["sid"] == refresh["sid"] == str(session.pk)
    assert access["user_id"] == refresh["user_id"] == ann.pk
    assert refresh["gen"] == 1


def test_expired_sessions_of_a_person_go_when_they_sign_in_again(ann: User) -> None:
    old = Session.objects.create(user=ann, expires_at=timezone.now() - timedelta(seconds=1))
    sign_in("ann")
    assert not Session.objects.filter(pk=old.pk).exists()
    assert Session.objects.count() == 1


def expired(session: Session) -> str:
    access = AccessToken(issue_tokens(session)["access"])
    access.set_exp(from_time=timezone.now() - timedelta(hours=1), lifetime=timedelta(minutes=1))
    return str(access)


def forged(session: Session) -> str:
    head, payload, _ = access_of(session).split(".")
    return f"{head}.{payload}.{secrets.token_urlsafe(32)}"


def of_nobody(session: Session) -> str:
    return access_of(Session(id=uuid4(), user=session.user, expires_at=session.expires_at))


def of_another_person(session: Session) -> str:
    return access_of(Session(id=session.pk, user_id=session.user_id + 1, expires_at=session.expires_at))


def without_session(session: Session) -> str:
    return str(AccessToken())


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (expired, "token_expired"),
        (forged, "token_invalid"),
        (of_nobody, "token_invalid"),
        (of_another_person, "token_invalid"),
        (without_session, "token_invalid"),
        (lambda session: issue_tokens(session)["refresh"], "token_invalid"),
        (lambda session: "junk", "token_invalid"),
        (lambda session: "a.b.c", "token_invalid"),
        (lambda session: "", "token_invalid"),
        (lambda session: "ä.ö.ü", "token_invalid"),
    ],
)
@pytest.mark.parametrize("path", ["/api/me/", "/api/users/"])
def test_a_bad_token_is_401_even_where_nobody_needs_one(ann: User, make: Any, code: str, path: str) -> None:
    sign_in("ann")
    response = bearer(make(Session.objects.get())).get(path)
    assert response.status_code == 401
    assert response.json()["code"] == code
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_dead_session_opens_nothing(ann: User, change: dict[str, Any]) -> None:
    reply = sign_in("ann")
    Session.objects.update(**change)
    assert bearer(reply["access"]).get("/api/me/").json()["code"] == "token_invalid"


def test_a_deactivated_person_is_out_at_once(ann: User) -> None:
    reply = sign_in("ann")
    User.objects.update(is_active=False)
    assert bearer(reply["access"]).get("/api/me/").status_code == 401
    assert APIClient().post("/api/auth/token/refresh/", {"refresh": reply["refresh"]}).status_code == 401


def test_another_scheme_is_no_sign_in(anyone: APIClient) -> None:
    anyone.credentials(HTTP_AUTHORIZATION="Basic YW5uOmFubg==")
    assert anyone.get("/api/users/").status_code == 200
    assert anyone.get("/api/me/").json()["code"] == "unauthenticated"


def test_one_query_says_who_it_is(ann: User, django_assert_num_queries: Any) -> None:
    client = bearer(sign_in("ann")["access"])
    with django_assert_num_queries(3):  # the others read the profile that is shown and count what is unread
        assert client.get("/api/me/").status_code == 200
