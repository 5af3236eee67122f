"""Making and using up what a link in a mail stands for."""

import secrets
from datetime import timedelta

from django.utils import timezone

from accounts.identities import digest_of
from accounts.models import MailToken, User
from core.errors import Invalid

# Of a reset little time is enough, as one asks for it and goes to look; a new account's mail may lie over a weekend.
LIFETIMES = {
    MailToken.Purpose.RESET: timedelta(hours=1),
    MailToken.Purpose.VERIFY: timedelta(days=3),
}


def issue(*, user: User, purpose: MailToken.Purpose, email: str) -> tuple[str, MailToken]:
    """A new token, 256 random bits, and its row. It proves to whoever gives it back that they read EMAIL."""
    now = timezone.now()
    # A person's dead rows go when a new one comes, so no clean-up of the whole table is needed.
    MailToken.objects.filter(user=user, expires_at__lte=now).delete()
    token = secrets.token_urlsafe(32)
    row = MailToken.objects.create(
        digest=digest_of(token), user=user, purpose=purpose, email=email, expires_at=now + LIFETIMES[purpose]
    )
    return token, row


def find(token: str, purpose: MailToken.Purpose) -> MailToken:
    """The row of a token that is good, with its user. Raises Invalid (`link_invalid`)."""
    live = MailToken.objects.filter(purpose=purpose, expires_at__gt=timezone.now(), user__is_active=True)
    row = live.filter(digest=digest_of(token)).select_related("user").first()
    if row is None:
        raise link_invalid()
    return row


def use_up(row: MailToken) -> None:
    """Deletes the row, and with it all others of its purpose and person. In a transaction that has locked the person.

    Raises Invalid when somebody else has used it meanwhile.
    """
    if not MailToken.objects.filter(pk=row.pk).delete()[0]:
        raise link_invalid()
    MailToken.objects.filter(user=row.user_id, purpose=row.purpose).delete()


def link_invalid() -> Invalid:
    message = "This link is not valid: it was used, has expired, or is not complete. Ask for a new one."
    return Invalid(message, code="link_invalid", errors={"token": [message]})
