"""Who a token or a ticket speaks for: asked by REST on every request and by the sockets when they connect."""

import hashlib
from collections.abc import Collection
from functools import cache
from uuid import UUID

from django.db.models import BigAutoField, DateTimeField, UUIDField
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from accounts.models import Session, Ticket
from accounts.tokens import Claims, read_access, refuse_expired, refuse_invalid
from core.errors import Unauthenticated
from core.prepared import Parameter, Prepared, PreparedInstance
from core.scopes import READ
from realtime.channels import Identity, ScopeMissing, TokenExpired, TokenInvalid

Scopes = Collection[str] | None


def session_of_access(token: str) -> tuple[Session, Scopes]:
    """The live session of an access token, with its user, profile and picture: one query. And what the token is good
    for: None for everything, as people's own are.

    Unauthenticated with code `token_expired`, or `token_invalid` when it is none of ours or its session has ended.
    """
    claims = read_access(token)
    session = _live_session(claims)
    return session, _scopes_of(session, claims)


def _scopes_of(session: Session, claims: Claims) -> Scopes:
    # It is the session's word that it is an app's, so that a token without the claim opens nothing.
    return None if session.application_id is None else (claims.scope or "").split()


def _require_read(scopes: Scopes) -> None:
    if scopes is not None and READ not in scopes:
        raise ScopeMissing(READ)


def _live_session(claims: Claims) -> Session:
    values = {"session": UUID(claims.sid), "user": claims.user_id, "now": timezone.now()}
    return _prepared_session().fetch(values) or refuse_invalid()


@cache
def _prepared_session() -> PreparedInstance[Session]:
    """Asked at every request of somebody signed in: building the query took ten times as long as running it."""
    return PreparedInstance(
        Session.objects.live(at=Parameter("now", DateTimeField()))
        .select_related("user__profile__picture")
        .filter(pk=Parameter("session", UUIDField()), user_id=Parameter("user", BigAutoField()))
    )


def digest_of(ticket: str) -> str:
    """What the database keeps of a ticket. It is random and short-lived, so a plain hash is enough."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def session_of_ticket(ticket: str) -> Session:
    """The live session of a ticket, which is used up by this. Errors as in `session_of_access`."""
    row = Ticket.objects.select_related("session__user__profile__picture").filter(digest=digest_of(ticket)).first()
    # Of several that read the row, the one that deletes it has it.
    if row is None or not Ticket.objects.filter(pk=row.pk).delete()[0]:
        refuse_invalid()
    now = timezone.now()
    session = row.session
    if session.revoked_at is not None or session.expires_at <= now or not session.user.is_active:
        refuse_invalid()
    if row.expires_at <= now:
        refuse_expired()
    return session


def verify_token(token: str) -> Identity:
    """For `realtime`: a connect token is an access token or a ticket. TokenExpired, TokenInvalid or ScopeMissing."""
    try:
        if token.count(".") == 2:
            claims = read_access(token)
            session, expires_at = _live_session(claims), float(claims.exp)
            scopes = _scopes_of(session, claims)
        else:
            session = session_of_ticket(token)
            scopes = session.scopes()
            # As long as the access token would have lived that a client gets in its place.
            expires_at = (timezone.now() + api_settings.ACCESS_TOKEN_LIFETIME).timestamp()
    except Unauthenticated as error:
        raise (TokenExpired if error.code == "token_expired" else TokenInvalid) from error
    _require_read(scopes)
    return Identity(
        user_id=session.user_id,
        session_id=str(session.pk),
        expires_at=min(expires_at, session.expires_at.timestamp()),
        user=session.user,
    )


def read_token(token: str) -> Identity | None:
    """For `realtime`: an access token by its signature alone; None of a ticket. Raises what `verify_token` does."""
    if token.count(".") != 2:
        return None
    try:
        claims = read_access(token)
    except Unauthenticated as error:
        raise (TokenExpired if error.code == "token_expired" else TokenInvalid) from error
    _require_read(None if claims.scope is None else claims.scope.split())
    return Identity(claims.user_id, claims.sid, float(claims.exp))


def live_sessions(session_ids: Collection[str]) -> set[str]:
    """For `realtime`: which of these sessions may keep their sockets. One query."""
    ids = [UUID(session_id) for session_id in session_ids]
    if len(ids) == 1:
        # Asked at every connect, of that session alone.
        values = {"session": ids[0], "now": timezone.now()}
        return {str(row["id"]) for row in _prepared_liveness().fetch(values, limit=1)}
    return {str(session_id) for session_id in Session.objects.live().filter(pk__in=ids).values_list("pk", flat=True)}


@cache
def _prepared_liveness() -> Prepared:
    live = Session.objects.live(at=Parameter("now", DateTimeField()))
    return Prepared(live.filter(pk=Parameter("session", UUIDField())).values("id"))
