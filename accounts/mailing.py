"""Mails about one's account: jobs of the queue `mail`. They go out whatever mails a person has turned off.

No job carries an address or a token: it names the person, and what is to be sent is looked up and made when it is. A
worker that dies after it has sent one sends it again; a second such mail does no harm.
"""

import logging
from dataclasses import dataclass

from accounts import mail_tokens
from accounts.models import MailToken, User
from core.mail import Mailer, Refused, compose, link
from realtime.jobs import RunningJob, job
from realtime.outbox import record_job

log = logging.getLogger(__name__)

QUEUE = "mail"
RESET_PASSWORD = "accounts.mail_reset_password"  # noqa: S105  a task, not a secret
VERIFY_EMAIL = "accounts.mail_verify_email"
PASSWORD_CHANGED = "accounts.mail_password_changed"  # noqa: S105
EMAIL_CHANGE_ASKED = "accounts.mail_email_change_asked"


def ask_for(task: str, *, user_id: int | None) -> None:
    """Has that mail sent, after the commit; a job for nobody (None) does nothing, as long as a job takes."""
    record_job(task, user_id=user_id)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The words of a mail: `text`, then the link if there is one, then what to do if it was somebody else."""

    subject: str
    text: str
    otherwise: str
    url: str = ""
    label: str = ""


@job(RESET_PASSWORD, queue=QUEUE, time_limit=60)
def mail_reset_password(run: RunningJob, *, user_id: int | None) -> None:
    """A link that sets a new password, to the person's address."""
    if user := _person(user_id):
        _send_with_token(user, MailToken.Purpose.RESET, to=user.email)
    run.done()


@job(VERIFY_EMAIL, queue=QUEUE, time_limit=60)
def mail_verify_email(run: RunningJob, *, user_id: int) -> None:
    """A link that proves an address: the one that is to become theirs, else the one they have, if not proved yet."""
    if (user := _person(user_id)) and (user.new_email or not user.email_verified):
        _send_with_token(user, MailToken.Purpose.VERIFY, to=user.new_email or user.email)
    run.done()


@job(PASSWORD_CHANGED, queue=QUEUE, time_limit=60)
def mail_password_changed(run: RunningJob, *, user_id: int) -> None:
    if user := _person(user_id):
        letter = Letter(
            subject="Your password was changed",
            text="The password of your account was changed just now, and all other devices were signed out.",
            otherwise="If it was not you, somebody else has your password: reset it at once, and look at where you "
            "use the same one.",
        )
        _send(user, letter, to=user.email)
    run.done()


@job(EMAIL_CHANGE_ASKED, queue=QUEUE, time_limit=60)
def mail_email_change_asked(run: RunningJob, *, user_id: int) -> None:
    """To the address that is about to be replaced, while its owner can still do something about it."""
    if user := _person(user_id):
        letter = Letter(
            subject="Your e-mail address is about to change",
            text="Somebody who is signed in as you asked that your account gets another e-mail address. It will "
            "be changed as soon as the new one is confirmed.",
            otherwise="If it was not you, change your password now and sign out everywhere else.",
        )
        _send(user, letter, to=user.email)
    run.done()


def _person(user_id: int | None) -> User | None:
    """Whoever may be written to: the account is open, and has an address."""
    person: User | None = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    return person


def _send_with_token(user: User, purpose: MailToken.Purpose, *, to: str) -> None:
    token, row = mail_tokens.issue(user=user, purpose=purpose, email=to)
    if purpose == MailToken.Purpose.RESET:
        letter = Letter(
            subject="Reset your password",
            text="Somebody, most likely you, asked to set a new password for your account. The link works once, "
            "for an hour.",
            url=link("reset", token=token),
            label="Set a new password",
            otherwise="If it was not you, do nothing: your password stays as it is.",
        )
    else:
        letter = Letter(
            subject="Confirm your e-mail address",
            text="Please confirm that this is your e-mail address. The link works once, for three days.",
            url=link("verify", token=token),
            label="Confirm the address",
            otherwise="If you have no account at Simmer, somebody mistyped theirs: do nothing.",
        )
    try:
        _send(user, letter, to=to)
    except BaseException:
        row.delete()  # nobody has it, or another try sends another one
        raise


def _send(user: User, letter: Letter, *, to: str) -> None:
    """What a mailbox refuses for good is logged, for the person mistyped it; all else is tried again by the job.

    The user's name is in mails to their confirmed address alone. Anybody can register with another person's address: a
    mail to it must carry no word that the registrant chose.
    """
    is_confirmed = user.email_verified and to == user.email
    name = user.shown_name if is_confirmed else ""
    message = compose("letter", {"name": name, **vars(letter)}, to=to, subject=letter.subject)
    try:
        with Mailer() as mailer:
            mailer.send(message)
    except Refused as refusal:
        if refusal.is_temporary or not refusal.of_recipient:
            raise
        log.warning("mail_refused user=%d code=%d", user.pk, refusal.code)
