"""Sessions: opened by a password, kept by refreshing, ended for good."""

import secrets
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from oauth2_provider.models import Grant
from rest_framework_simplejwt.settings import api_settings

from accounts.events import SessionRevoked
from accounts.identities import digest_of
from accounts.models import Application, Session, Ticket, User
from accounts.tokens import read_refresh, refuse_invalid
from core.errors import Throttled, Unauthenticated
from core.limits import failures
from realtime.outbox import record

TICKET_SECONDS = 30


def sign_in(*, identifier: str, password: str, address: str, user_agent: str = "") -> Session:
    """Opens a session for the person of that username or e-mail. Raises what `person_with` raises."""
    return session_open(
        user=person_with(identifier=identifier, password=password, address=address), user_agent=user_agent
    )


def person_with(*, identifier: str, password: str, address: str) -> User:
    """The person of that username or e-mail, whose password it is.

    Raises Unauthenticated, the same and after the same work, whether the person is unknown, closed, or the password
    wrong; Throttled after too many of them for that account, from `address` or from everywhere.
    """
    people = User.objects.select_related("profile__picture", "profile__cover")
    user: User | None = (people.with_email(identifier) if "@" in identifier else people.named(identifier)).first()
    account = guess_bucket(user) if user is not None else identifier
    if wait := failures.hit(account=account, address=address):
        raise Throttled("Too many failed sign-ins: wait, or reset the password.", wait=wait)
    if user is None:
        make_password(password)  # as long as checking one takes
    elif user.check_password(password) and user.is_active:
        failures.clear(account=account, address=address)
        return user
    _refuse_credentials()


def guess_bucket(user: User) -> str:
    """The name under which failed sign-ins of `user` are counted (`core.limits.failures`).

    It holds the password's hash, so a new password starts a new count at every address.
    """
    return f"{user.pk}:{user.password}"


def _refuse_credentials() -> NoReturn:
    raise Unauthenticated("The username, e-mail or password is wrong.", code="bad_credentials")


@transaction.atomic
def session_open(*, user: User, user_agent: str = "", **of_app: Any) -> Session:
    """A new session of `user`, whose identity the caller has proved. `of_app`: its fields when it is an app's.

    Raises Unauthenticated when the account was closed or its password changed since `user` was read.
    """
    now = timezone.now()
    # Locks the person before the session is there, as what ends all sessions does: it sees this one, or this sees it.
    person = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
    if not person.update(last_login=now):
        _refuse_credentials()
    # A person's dead rows go when they come back, so no clean-up of the whole table is needed.
    Session.objects.filter(user=user, expires_at__lte=now).delete()
    return Session.objects.create(
        user=user, user_agent=user_agent[:200], expires_at=now + api_settings.REFRESH_TOKEN_LIFETIME, **of_app
    )


def session_refresh(*, refresh: str, application: Application | None = None) -> Session:
    """The session of a refresh token, moved to its next generation: by compare-and-set, so exactly one caller wins.

    A token of an earlier generation was used before, by its owner or by a thief, and nobody can say which: the session
    ends. `application`: the app that asks; None for people themselves. To anybody else the token is not valid.
    Raises Unauthenticated (`token_expired`, `token_invalid`).
    """
    claims = read_refresh(refresh)
    sessions = Session.objects.filter(pk=UUID(claims["sid"]), user_id=claims["user_id"], application=application)
    now = timezone.now()
    with transaction.atomic():
        # No join: PostgreSQL looks again at these columns, and at no subquery's, when it had to wait for the row.
        won = sessions.filter(generation=claims["gen"], revoked_at__isnull=True, expires_at__gt=now).update(
            generation=F("generation") + 1, refreshed_at=now, expires_at=now + api_settings.REFRESH_TOKEN_LIFETIME
        )
        session = sessions.select_related("user__profile__picture", "user__profile__cover").first()
        if session is not None and won and session.user.is_active:
            return session
        if session is not None and not won:
            end_sessions([session])
    refuse_invalid()


def session_of_refresh(*, refresh: str) -> Session:
    """The session that a refresh token of any generation belongs to, alive or not. Unauthenticated for a bad token."""
    claims = read_refresh(refresh)
    return Session.objects.filter(pk=UUID(claims["sid"]), user_id=claims["user_id"]).first() or refuse_invalid()


@transaction.atomic
def session_revoke(*, session: Session) -> None:
    """Ends one session: its tokens are dead and its sockets close. Nothing happens when it has ended before."""
    end_sessions([session])


@transaction.atomic
def sessions_revoke(*, user: User, keep: Session | None = None) -> int:
    """End all sessions of `user` but `keep`: those of clients, of apps, and the cookies of pages and the admin.

    Returns how many sessions of clients and apps there were. The user is locked first, as `session_open` does: a
    session that is opened at the same time is either ended here or opened afterwards.
    """
    User.objects.filter(pk=user.pk).update(cookie_version=F("cookie_version") + 1)
    # The row is locked, so this is the value just written: a page that goes on as this user keeps its cookie by it.
    user.refresh_from_db(fields=["cookie_version"])
    others = Session.objects.filter(user=user, revoked_at__isnull=True)
    Grant.objects.filter(user=user).delete()
    return end_sessions(list(others.exclude(pk=keep.pk) if keep else others))


def end_sessions(sessions: list[Session]) -> int:
    """Ends those of `sessions` that have not ended, for callers in a transaction. How many there were."""
    revoked = 0
    for session in sorted(sessions, key=lambda session: session.pk):  # one order of locks
        if Session.objects.filter(pk=session.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
            record(SessionRevoked(actor=None, user_id=session.user_id, session_id=str(session.pk)))
            revoked += 1
    return revoked


@transaction.atomic
def ticket_issue(*, session: Session) -> str:
    """A secret that opens one socket as `session`, within TICKET_SECONDS."""
    now = timezone.now()
    Ticket.objects.filter(session__user=session.user_id, expires_at__lte=now).delete()
    ticket = secrets.token_urlsafe(32)
    Ticket.objects.create(digest=digest_of(ticket), session=session, expires_at=now + timedelta(seconds=TICKET_SECONDS))
    return ticket
