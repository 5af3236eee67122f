"""POST /api/realtime/ticket/, and what the sockets are told of tokens, tickets and sessions."""

import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, Ticket, User
from accounts.tokens import AccessToken
from realtime.channels import TokenExpired, TokenInvalid, live_sessions, namespace_of, verify_token
from tests.accounts.conftest import bearer, sign_in
from tests.actors import access_of, client_of
from tests.concurrently import at_once
from tests.factories import UserFactory


def ticket_of(client: APIClient) -> str:
    response = client.post("/api/realtime/ticket/")
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert response.json()["expires_in"] == 30
    return response.json()["ticket"]


def test_a_ticket_speaks_for_its_person_and_session(ann: User) -> None:
    client = bearer(sign_in("ann")["access"])
    identity = verify_token(ticket_of(client))
    assert identity.user_id == ann.pk
    assert identity.user == ann
    assert identity.session_id == str(Session.objects.get().pk)
    assert time.time() < identity.expires_at <= time.time() + 900


def test_a_ticket_works_once(as_ann: APIClient) -> None:
    ticket = ticket_of(as_ann)
    verify_token(ticket)
    with pytest.raises(TokenInvalid):
        verify_token(ticket)


def test_a_ticket_is_stored_only_as_a_hash(as_ann: APIClient) -> None:
    ticket = ticket_of(as_ann)
    assert ticket not in str(Ticket.objects.values().get())


def test_an_expired_ticket_is_said_to_be_expired_once(as_ann: APIClient) -> None:
    ticket = ticket_of(as_ann)
    Ticket.objects.update(expires_at=timezone.now())
    with pytest.raises(TokenExpired):
        verify_token(ticket)


@pytest.mark.parametrize("end", ["revoke", "expire", "deactivate"])
def test_the_ticket_of_a_dead_session_opens_nothing(as_ann: APIClient, end: str) -> None:
    ticket = ticket_of(as_ann)
    if end == "revoke":
        Session.objects.update(revoked_at=timezone.now())
    elif end == "expire":
        Session.objects.update(expires_at=timezone.now())
    else:
        User.objects.update(is_active=False)
    with pytest.raises(TokenInvalid):
        verify_token(ticket)


def test_expired_tickets_go_when_their_person_asks_for_another(as_ann: APIClient) -> None:
    ticket_of(as_ann)
    Ticket.objects.update(expires_at=timezone.now())
    ticket_of(as_ann)
    assert Ticket.objects.count() == 1


def test_a_ticket_is_no_access_token(as_ann: APIClient) -> None:
    assert bearer(ticket_of(as_ann)).get("/api/me/").status_code == 401


def test_an_access_token_speaks_for_its_person_until_it_expires(ann: User) -> None:
    access = sign_in("ann")["access"]
    identity = verify_token(access)
    assert (identity.user_id, identity.user) == (ann.pk, ann)
    assert identity.expires_at == AccessToken(access)["exp"]


def test_an_expired_access_token_is_said_to_be_expired(ann: User) -> None:
    token = AccessToken(sign_in("ann")["access"])
    token.set_exp(from_time=timezone.now() - timedelta(hours=1), lifetime=timedelta(minutes=1))
    with pytest.raises(TokenExpired):
        verify_token(str(token))


@pytest.mark.parametrize("token", ["", "junk", "a.b.c", "ä.ö.ü", "\x00", "\x00.\x00.\x00", "x" * 10_000])
def test_what_is_no_token_is_invalid(db: None, token: str) -> None:
    with pytest.raises(TokenInvalid):
        verify_token(token)


def test_the_access_token_of_a_revoked_session_and_a_refresh_token_are_invalid(ann: User) -> None:
    reply = sign_in("ann")
    with pytest.raises(TokenInvalid):
        verify_token(reply["refresh"])
    Session.objects.update(revoked_at=timezone.now())
    with pytest.raises(TokenInvalid):
        verify_token(reply["access"])


def test_the_recheck_knows_the_dead_sessions_in_one_query(ann: User, bob: User, django_assert_num_queries: Any) -> None:
    for username in ("ann", "ann", "bob"):
        sign_in(username)
    live, revoked, of_bob = Session.objects.order_by("created_at")
    Session.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with django_assert_num_queries(1):
        assert live_sessions([str(live.pk), str(revoked.pk), str(of_bob.pk), str(uuid4())]) == {str(live.pk)}


@pytest.mark.django_db(transaction=True)
def test_of_ten_connections_at_once_one_gets_the_ticket() -> None:
    ticket = ticket_of(client_of(UserFactory()))

    def connect() -> bool:
        try:
            verify_token(ticket)
        except TokenInvalid:
            return False
        return True

    assert sum(at_once([connect] * 10)) == 1


def readers(channel: str, *user_ids: int | None) -> set[int | None]:
    found = namespace_of(channel)
    assert found is not None
    namespace, key = found
    return namespace.authorize(key, user_ids)


def test_everyone_may_read_the_channel_of_a_person(ann: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        assert readers(f"user:{ann.pk}", None, ann.pk, 7) == {None, ann.pk, 7}


@pytest.mark.parametrize("key", ["0", "-1", "ann", "00{}", "{} ", "+{}", "9" * 30, "{}.0", "²"])
def test_a_channel_of_nobody_has_no_readers(ann: User, key: str) -> None:
    assert readers(f"user:{key.format(ann.pk)}", None, ann.pk) == set()


def test_the_channel_of_a_closed_account_has_no_readers(ann: User) -> None:
    User.objects.update(is_active=False)
    assert readers(f"user:{ann.pk}", None, ann.pk) == set()


def test_an_inbox_has_one_reader(ann: User, bob: User) -> None:
    assert readers(f"inbox:{ann.pk}", None, ann.pk, bob.pk) == {ann.pk}


def test_a_ticket_needs_a_live_session(ann: User) -> None:
    session = Session.objects.create(user=ann, expires_at=timezone.now())
    assert bearer(access_of(session)).post("/api/realtime/ticket/").status_code == 401
