"""What people allow the apps of others: each consent becomes a session, which is the app's until it is taken back."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from oauth2_provider.models import Grant

from accounts.models import Application, Session, User
from accounts.services.sessions import end_sessions, session_open
from accounts.tokens import read_access, read_refresh, refuse_invalid
from core.errors import Unauthenticated


def code_exchange(*, grant: Grant, scope: str, user_agent: str = "") -> Session:
    """The session that an authorization code stands for, once. `scope` is what the app asked for and was granted.

    Raises Unauthenticated when the code was used before, and then ends the session that it opened: somebody else has
    the code, too. Also when the account was closed meanwhile.
    """
    with transaction.atomic():
        # The person first, as whatever ends all their sessions does, which takes their codes away as well.
        User.objects.select_for_update(no_key=True).get(pk=grant.user_id)
        if Grant.objects.filter(pk=grant.pk).delete()[0]:
            return session_open(
                user=grant.user,
                user_agent=user_agent,
                pk=_session_of_code(grant.code),
                application=grant.application,
                scope=scope,
            )
    code_reused(code=grant.code, application=grant.application)
    refuse_invalid()


@transaction.atomic
def code_reused(*, code: str, application: Application) -> None:
    """Ends the session that was opened with this code; nothing happens when there is none (RFC 6749, 4.1.2)."""
    end_sessions(list(Session.objects.filter(pk=_session_of_code(code), application=application)))


def _session_of_code(code: str) -> UUID:
    """A session's id is the hash of its code, so that a used code is recognised as long as the session is there."""
    return UUID(bytes=hashlib.sha256(code.encode()).digest()[:16])


def app_session_of(*, token: str, application: Application) -> Session | None:
    """The session, alive or not, of one of the app's access or refresh tokens. None for anything else."""
    for read in (lambda: read_access(token).sid, lambda: read_refresh(token)["sid"]):
        try:
            session_id = UUID(read())
        except Unauthenticated:
            continue
        return Session.objects.filter(pk=session_id, application=application).select_related("user").first()
    return None


@transaction.atomic
def app_disallow(*, user: User, application: Application) -> int:
    """Takes back all that `user` allows the app. How many sessions ended."""
    Grant.objects.filter(application=application, user=user).delete()
    return end_sessions(list(Session.objects.filter(application=application, user=user, revoked_at__isnull=True)))


@transaction.atomic
def apps_delete(*, applications: Iterable[Application]) -> None:
    """Deletes apps for good; whatever people allow them ends, and their sockets close."""
    for application in applications:
        # Who exchanges a code at this moment waits, and finds no app.
        Application.objects.select_for_update().get(pk=application.pk)
        end_sessions(list(Session.objects.filter(application=application, revoked_at__isnull=True)))
        application.delete()
