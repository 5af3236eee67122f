"""E-mail addresses: proved by the token of a mail, and changed when the new one is proved."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import mail_tokens
from accounts.mailing import EMAIL_CHANGE_ASKED, VERIFY_EMAIL, ask_for
from accounts.models import MailToken, User
from accounts.services.passwords import MAILS, prove_password
from accounts.services.registration import TAKEN
from core.errors import Conflict, Invalid, Throttled
from core.limits import wait_for


@transaction.atomic
def verification_request(*, user: User) -> None:
    """Has another mail sent that proves the address, or the new one if a change is asked for.

    Raises Conflict (`already_verified`) when there is nothing to prove, Throttled after five in an hour.
    """
    if user.email_verified and not user.new_email:
        raise Conflict("Your e-mail address is confirmed already.", code="already_verified")
    _ask_to_verify(user)


def email_change(*, user: User, email: str, current_password: str, address: str = "") -> bool:
    """Asks for `email` to become the person's address; it does when the token of a mail that is sent there comes back.

    The present address is told, and stays until then. Given the present address, an asked-for change is off. Returns
    whether mails were asked for. Raises Invalid: wrong password, taken by somebody else; Throttled as `prove_password`
    and `verification_request`.
    """
    prove_password(user=user, password=current_password, address=address)
    email = User.objects.normalize_email(email)
    is_same = email.lower() == user.email.lower()
    if not is_same and User.objects.with_email(email).exists():
        raise Invalid("The input is not valid: see errors.", errors={"email": [TAKEN["email"]]})
    with transaction.atomic():
        user.new_email = "" if is_same else email
        user.save(update_fields=["new_email"])
        if not is_same:
            _ask_to_verify(user)
            ask_for(EMAIL_CHANGE_ASKED, user_id=user.pk)
    return not is_same


def _ask_to_verify(user: User) -> None:
    if wait := wait_for("verify", str(user.pk), MAILS):
        raise Throttled("Several mails were sent to you already: look for them, or wait.", wait=wait)
    ask_for(VERIFY_EMAIL, user_id=user.pk)


@transaction.atomic
def email_verify(*, token: str) -> None:
    """The token proves an address, which becomes the person's if they have asked for that.

    Raises Invalid (`link_invalid`), also when they have asked for yet another address since; Conflict (`email_taken`)
    when somebody else has registered with it. Of several requests with one token, one wins.
    """
    row = mail_tokens.find(token, MailToken.Purpose.VERIFY)
    user: User = User.objects.select_for_update().get(pk=row.user_id)
    if row.email != (user.new_email or user.email):
        raise mail_tokens.link_invalid()
    mail_tokens.use_up(row)
    is_new = row.email != user.email
    user.email, user.new_email, user.email_verified_at = row.email, "", timezone.now()
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "new_email", "email_verified_at"])
    except IntegrityError as error:
        raise Conflict("Somebody else has this e-mail address by now.", code="email_taken") from error
    if is_new:
        # Links that lie in the old mailbox open nothing any more.
        MailToken.objects.filter(user=user, purpose=MailToken.Purpose.RESET).delete()
