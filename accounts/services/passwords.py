"""Passwords: changed by who knows the present one, reset by who reads the mailbox. Both sign out everybody else."""

from typing import NoReturn

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import mail_tokens
from accounts.mailing import PASSWORD_CHANGED, RESET_PASSWORD, ask_for
from accounts.models import MailToken, Session, User
from accounts.services.profiles import user_deactivate
from accounts.services.sessions import guess_bucket, sessions_revoke
from core.errors import Invalid, Throttled
from core.limits import Limit, failures, wait_for

# Mails of one kind that one mailbox gets, whoever asks for them from wherever.
MAILS = Limit(5, 3600)


def password_change(
    *, user: User, session: Session, current_password: str, new_password: str, address: str = ""
) -> None:
    """Sets a new password and ends all other sessions; a mail says so. Raises Invalid: wrong current password, weak
    new one.

    A wrong current password counts as a failed sign-in from `address`; Throttled after too many of them.
    """
    prove_password(user=user, password=current_password, address=address)
    _check_strength(user, new_password)
    checked = user.password
    user.password = make_password(new_password)
    with transaction.atomic():
        # Of two changes at once, the second was checked against a password that is no more.
        if not User.objects.filter(pk=user.pk, password=checked).update(password=user.password):
            _refuse_present_password()
        _changed(user, keep=session)


def prove_password(*, user: User, password: str, address: str, field: str = "current_password") -> None:
    """Returns when it is the person's password. Raises Invalid, or Throttled after too many wrong ones.

    `field`: the field of the request that holds the password, for the error.
    """
    account = guess_bucket(user)
    if wait := failures.hit(account=account, address=address):
        raise Throttled("Too many wrong passwords: wait, then try again.", wait=wait)
    if not user.check_password(password):
        _refuse_present_password(field)
    failures.clear(account=account, address=address)


def account_close(*, user: User, password: str, address: str) -> None:
    """Close the account of a user who proves the password (`user_deactivate`). Raises what `prove_password` raises."""
    prove_password(user=user, password=password, address=address, field="password")
    user_deactivate(user=user)


@transaction.atomic
def password_reset_request(*, email: str) -> None:
    """Has a link mailed to the person of that address, at most five an hour.

    Does the same work whether there is such a person or not: one look, one count, one job.
    """
    user_id = User.objects.with_email(email).filter(is_active=True).values_list("pk", flat=True).first()
    too_many = wait_for("reset", email, MAILS)
    ask_for(RESET_PASSWORD, user_id=None if too_many else user_id)


def password_reset(*, token: str, new_password: str) -> None:
    """Sets a new password by the token of a mail, and ends all sessions; another mail says so.

    Raises Invalid: `link_invalid`, or a weak password, after which the token still works. Of several requests with
    one token, one wins. A user who was locked out by wrong passwords can sign in again, from every address.
    """
    row = mail_tokens.find(token, MailToken.Purpose.RESET)
    user = row.user
    _check_strength(user, new_password)
    # Takes tens of milliseconds: before the transaction, not inside it.
    user.password = make_password(new_password)
    with transaction.atomic():
        # Closed meanwhile, or the mailbox is not theirs any more.
        if User.objects.select_for_update().filter(pk=user.pk, is_active=True, email=row.email).first() is None:
            raise mail_tokens.link_invalid()
        mail_tokens.use_up(row)
        # They have just shown that they read what is sent there.
        User.objects.filter(pk=user.pk).update(password=user.password, email_verified_at=timezone.now())
        _changed(user, keep=None)


def _check_strength(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "The new password is too weak: see errors.", errors={"new_password": list(error.messages)}
        ) from error


def _changed(user: User, *, keep: Session | None) -> None:
    """What follows a password: whoever knew the old one is out, also by a link that was mailed, and the owner hears."""
    sessions_revoke(user=user, keep=keep)
    MailToken.objects.filter(user=user, purpose=MailToken.Purpose.RESET).delete()
    ask_for(PASSWORD_CHANGED, user_id=user.pk)


def _refuse_present_password(field: str = "current_password") -> NoReturn:
    message = "This is not your present password."
    raise Invalid(message, code="wrong_password", errors={field: [message]})
