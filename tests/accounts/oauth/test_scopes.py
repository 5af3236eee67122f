"""What an app may do with which scope: on every route, and on sockets and streams."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.identities import read_token, verify_token
from accounts.models import Application, Session, User
from accounts.services.sessions import session_open, ticket_issue
from accounts.tokens import issue_tokens
from core.scopes import MODERATE, NO_APP, READ, WRITE, scope_for
from realtime.channels import ScopeMissing
from tests.accounts.conftest import bearer
from tests.factories import CommentFactory, PostFactory, UserFactory
from tests.test_permissions import EXPECTED, KNOWN, cast, made, status_for, things  # noqa: F401  fixtures, too

APP_ROUTES = [
    (name, method)
    for name, method in EXPECTED
    if not name.startswith("oauth2_provider:") and hasattr(KNOWN[name].callback, "cls")
]
# Whose views ask nobody who they are, or say so in their body.
OPEN = {
    *("auth-refresh", "default-picture"),
    *("auth-password-reset", "auth-password-reset-confirm", "auth-email-verify"),
}
PEOPLE_ALONE = {
    ("auth-password-change", "POST"),
    ("auth-email-change", "POST"),
    ("auth-email-verify-request", "POST"),
    ("me", "DELETE"),
    ("me-sessions", "GET"),
    ("me-sessions", "DELETE"),
    ("me-export", "GET"),
    ("me-export", "POST"),
}
STAFF = {name for name, _ in APP_ROUTES if name.startswith("moderation-")}


def access_with(user: User, app: Application, scope: str) -> str:
    return issue_tokens(session_open(user=user, application=app, scope=scope))["access"]


def needed(name: str, method: str) -> str:
    return scope_for(KNOWN[name].callback.cls, method)


def test_reads_need_read_and_writes_need_write_but_for_a_few() -> None:
    for name, method in APP_ROUTES:
        if (name, method) in PEOPLE_ALONE:
            expected = NO_APP
        elif name in STAFF:
            expected = MODERATE
        elif name in ("realtime-ticket", "auth-logout"):
            expected = READ
        else:
            expected = READ if method == "GET" else WRITE
        assert needed(name, method) == expected, (name, method)


@pytest.mark.parametrize(("name", "method"), APP_ROUTES, ids=[" ".join(key) for key in APP_ROUTES])
def test_only_the_scope_of_a_route_opens_it(
    cast: Any,  # noqa: F811
    things: dict[str, Any],  # noqa: F811
    app: Application,
    name: str,
    method: str,
) -> None:
    """To a moderator's app that has it, a route answers as to the moderator; to one that lacks it alone, 403."""
    moderator, scope = cast.users["moderator"], needed(name, method)
    lacking = " ".join({READ, WRITE, MODERATE} - {scope})
    refused = bearer(access_with(moderator, app, lacking))
    if name in OPEN:
        assert status_for(refused, name, method, things) == EXPECTED[name, method]["moderator"]
        return
    assert status_for(refused, name, method, things) == 403
    if scope != NO_APP:
        # Things of others are removed by a moderator, which needs more than to write.
        sufficient = f"{scope} {MODERATE}"
        client = bearer(access_with(moderator, app, sufficient))
        assert status_for(client, name, method, things) == EXPECTED[name, method]["moderator"]


def test_the_refusal_says_what_is_missing(ann: User, app: Application) -> None:
    reader = bearer(access_with(ann, app, "read"))
    refusal = reader.patch("/api/me/", {"bio": "x"})
    assert refusal.status_code == 403 and refusal.json()["code"] == "insufficient_scope"
    assert refusal["WWW-Authenticate"] == 'Bearer realm="api", error="insufficient_scope", scope="write"'
    refusal = reader.delete("/api/me/")
    assert refusal.status_code == 403 and refusal.json()["code"] == "insufficient_scope"
    assert refusal["WWW-Authenticate"] == 'Bearer realm="api", error="insufficient_scope"'


def test_without_moderate_the_app_of_a_moderator_is_nobody_special(app: Application) -> None:
    molly = UserFactory(username="molly", staff_role=User.StaffRole.MODERATOR)
    post, comment = PostFactory(), CommentFactory()
    locked = PostFactory(visibility="premium", text="For those who pay.")
    writer, moderator = (bearer(access_with(molly, app, scope)) for scope in ("read write", "read write moderate"))

    assert writer.delete(f"/api/posts/{post.pk}/").status_code == 403
    assert writer.delete(f"/api/comments/{comment.pk}/").status_code == 403
    assert writer.get(f"/api/posts/{locked.pk}/").json()["locked"] is True
    assert writer.get("/api/moderation/reports/").json()["code"] == "insufficient_scope"

    assert moderator.get("/api/moderation/reports/").status_code == 200
    assert moderator.get(f"/api/posts/{locked.pk}/").json()["locked"] is False
    assert moderator.delete(f"/api/comments/{comment.pk}/").status_code == 204
    assert moderator.delete(f"/api/posts/{post.pk}/").status_code == 204


def test_moderate_makes_nobody_a_moderator(ann: User, app: Application) -> None:
    client = bearer(access_with(ann, app, "read write moderate"))
    assert client.get("/api/moderation/reports/").status_code == 403
    assert client.delete(f"/api/posts/{PostFactory().pk}/").status_code == 403


@pytest.mark.parametrize("read", [verify_token, read_token])
def test_a_socket_needs_read(ann: User, app: Application, read: Any) -> None:
    assert read(access_with(ann, app, "read")).user_id == ann.pk
    with pytest.raises(ScopeMissing):
        read(access_with(ann, app, "write moderate"))


def test_a_ticket_is_good_for_what_its_session_is(ann: User, app: Application) -> None:
    with pytest.raises(ScopeMissing):
        verify_token(ticket_issue(session=session_open(user=ann, application=app, scope="write")))
    ticket = bearer(access_with(ann, app, "read")).post("/api/realtime/ticket/").json()["ticket"]
    assert verify_token(ticket).user_id == ann.pk


def test_a_stream_needs_read(ann: User, app: Application) -> None:
    path = f"/api/events/?channel=inbox:{ann.pk}"
    assert bearer(access_with(ann, app, "read")).get(path).status_code == 200
    refusal = bearer(access_with(ann, app, "write")).get(path)
    assert refusal.status_code == 403 and 'scope="read"' in refusal["WWW-Authenticate"]


def test_the_database_keeps_an_apps_session_from_having_no_limit(ann: User, app: Application, browser: Client) -> None:
    for fields in ({"application": app, "scope": ""}, {"application": None, "scope": "read"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Session.objects.create(user=ann, expires_at=timezone.now(), **fields)
