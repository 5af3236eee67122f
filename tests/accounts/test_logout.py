"""POST /api/auth/logout/"""

from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from tests.accounts.conftest import bearer, events_on, sign_in


def test_after_a_logout_access_and_refresh_token_are_dead_at_once(ann: User, bob: User) -> None:
    reply, elsewhere, of_bob = sign_in("ann"), sign_in("ann"), sign_in("bob")
    assert bearer(reply["access"]).post("/api/auth/logout/").status_code == 204
    assert bearer(reply["access"]).get("/api/me/").json()["code"] == "token_invalid"
    assert APIClient().post("/api/auth/token/refresh/", {"refresh": reply["refresh"]}).status_code == 401
    assert bearer(elsewhere["access"]).get("/api/me/").status_code == 200
    assert bearer(of_bob["access"]).get("/api/me/").status_code == 200


def test_a_logout_is_told_on_the_inbox_so_that_the_sockets_close(ann: User) -> None:
    reply = sign_in("ann")
    session = Session.objects.get()
    bearer(reply["access"]).post("/api/auth/logout/")
    (event,) = events_on(f"inbox:{ann.pk}")
    assert event["type"] == "session.revoked"
    assert event["session_id"] == str(session.pk)


def test_the_refresh_token_alone_is_enough(anyone: APIClient, ann: User) -> None:
    reply = sign_in("ann")
    assert anyone.post("/api/auth/logout/", {"refresh": reply["refresh"]}).status_code == 204
    assert bearer(reply["access"]).get("/api/me/").status_code == 401


def test_both_tokens_of_one_session_end_it_once(ann: User) -> None:
    reply = sign_in("ann")
    assert bearer(reply["access"]).post("/api/auth/logout/", {"refresh": reply["refresh"]}).status_code == 204
    assert len(events_on(f"inbox:{ann.pk}")) == 1


def test_a_session_that_has_ended_is_left_as_it_was(anyone: APIClient, ann: User) -> None:
    reply = sign_in("ann")
    ended = timezone.now()
    Session.objects.update(revoked_at=ended)
    assert anyone.post("/api/auth/logout/", {"refresh": reply["refresh"]}).status_code == 204
    assert Session.objects.get().revoked_at == ended
    assert events_on(f"inbox:{ann.pk}") == []


def test_a_bad_refresh_token_ends_nothing(ann: User) -> None:
    reply = sign_in("ann")
    assert bearer(reply["access"]).post("/api/auth/logout/", {"refresh": "junk"}).status_code == 401
    assert bearer(reply["access"]).get("/api/me/").status_code == 200


def test_a_logout_of_nobody_is_401(anyone: APIClient) -> None:
    assert anyone.post("/api/auth/logout/").status_code == 401
