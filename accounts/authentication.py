"""`Authorization: Bearer <access token>`: one query answers who it is and whether the session still lives."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.identities import session_of_access
from accounts.models import Session, User
from core.errors import InsufficientScope
from core.scopes import MODERATE, scope_for


def user_of(request: Request) -> User:
    """Who is signed in, in a view whose permissions let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def session_of(request: Request) -> Session:
    """The session of the request's token, in a view whose permissions let nobody else in."""
    assert isinstance(request.auth, Session)
    return request.auth


class SessionTokenAuthentication(BaseAuthentication):
    """`request.user` comes with profile and picture; `request.auth` is the Session.

    No header: anonymous. A token that is expired: 401 `token_expired`; bad or revoked: 401 `token_invalid`, also on
    routes that anonymous people may read, so that a client notices that it is signed out. An app's token that is not
    good for this (core/scopes.py): 403 `insufficient_scope`.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        session, scopes = session_of_access(token.strip())
        if scopes is not None:
            needed = scope_for(request.parser_context["view"], request.method or "")
            if needed not in scopes:
                raise InsufficientScope(needed)
            session.user.acts_as_staff = MODERATE in scopes
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
