"""Mail, as jobs of the queue `mail` send it: many messages over one connection, and for each the truth about it.

    with Mailer() as mailer:
        mailer.send(message)

`send` returns when the server has taken the message. Else it raises what is known: `ServerAway` and `Refused`: it was
not sent for certain. `MaybeSent`: the connection broke after the server had been given the text and before it said that
it took it, and nobody can know.
"""

import contextlib
import re
import smtplib
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string


class MailError(Exception):
    """A message that was not sent, or perhaps not. No text of these has an address in it."""


class ServerAway(MailError):
    """The mail server cannot be reached, or does not let us in. The message was not sent."""


class Refused(MailError):
    """The mail server answered with `code` (RFC 5321) and did not take the message; `of_recipient`: that mailbox."""

    def __init__(self, code: int, *, of_recipient: bool = False) -> None:
        super().__init__(f"The mail server answered {code}.")
        self.code, self.of_recipient = code, of_recipient

    @property
    def is_temporary(self) -> bool:
        """Whether trying later may help: a full mailbox, greylisting."""
        return 400 <= self.code < 500


class MaybeSent(MailError):
    """The message may have been sent and may not."""


class _WatchesData(smtplib.SMTP):
    """Tells a connection that breaks while a message is handed over from one that breaks at any other time."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            code, reply = super().data(msg)
        except smtplib.SMTPResponseException:
            raise  # it answered
        except OSError as error:  # smtplib's own are OSErrors, too
            raise MaybeSent(type(error).__name__) from error
        if code < 0:
            raise MaybeSent("an answer that is none")
        return code, reply


class _WatchesDataOverSsl(_WatchesData, smtplib.SMTP_SSL):
    pass


class SmtpBackend(EmailBackend):
    """Django's own, over a connection that raises MaybeSent when that is so."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchesDataOverSsl if self.use_ssl else _WatchesData


class Mailer:
    """One connection to the mail server, opened when it is first needed and again when it has broken."""

    def __init__(self) -> None:
        self._backend: Any = get_connection()
        # Of another backend's errors nobody knows what they mean for the message.
        self._is_ours = isinstance(self._backend, SmtpBackend)
        self._is_open = False

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def open(self) -> None:
        """Connects unless it is connected. Raises ServerAway."""
        if self._is_open:
            return
        try:
            self._backend.open()
        except OSError as error:
            raise ServerAway(f"The mail server cannot be reached: {_named(error)}.") from error
        self._is_open = True

    def send(self, message: EmailMultiAlternatives) -> None:
        """Returns when the server has taken MESSAGE. Raises ServerAway, Refused or MaybeSent.

        A server that hung up since the last message, as they do after so many or when idle, is called again once.
        """
        was_open = self._is_open
        try:
            self._send(message)
        except ServerAway:
            if not was_open:
                raise
            self._send(message)

    def _send(self, message: EmailMultiAlternatives) -> None:
        self.open()
        try:
            self._backend.send_messages([message])
        except MaybeSent:
            self._close()
            raise
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            raise self._refused(code, of_recipient=True) from error
        except smtplib.SMTPSenderRefused as error:
            raise ServerAway(f"The mail server does not let us send: {_named(error)}.") from error
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code) from error
        except Exception as error:
            self._close()
            if self._is_ours and isinstance(error, OSError):
                raise ServerAway(f"The mail server has hung up: {_named(error)}.") from error
            if self._is_ours:
                raise  # the message cannot be written: a bug of ours
            raise MaybeSent(type(error).__name__) from error

    def _refused(self, code: int, *, of_recipient: bool = False) -> MailError:
        if code != 421:
            return Refused(code, of_recipient=of_recipient)
        self._close()
        return ServerAway("The mail server answered 421: it serves nobody just now.")

    def _close(self) -> None:
        self._is_open = False
        with contextlib.suppress(Exception):  # it is broken, most likely
            self._backend.close()


def _named(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"


def compose(
    template: str, context: Mapping[str, Any], *, to: str, subject: str, headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """A message of `mail/TEMPLATE.txt` and `mail/TEMPLATE.html`, which get CONTEXT, `subject` and `public_url`."""
    subject = " ".join(subject.split())
    shared = {"subject": subject, "public_url": settings.PUBLIC_URL, **context}
    # Loops leave empty lines behind.
    text = re.sub(r"\n{3,}", "\n\n", render_to_string(f"mail/{template}.txt", shared)).strip() + "\n"
    message = EmailMultiAlternatives(
        subject, text, to=[to], headers={"Auto-Submitted": "auto-generated", **(headers or {})}
    )
    message.attach_alternative(render_to_string(f"mail/{template}.html", shared), "text/html")
    return message


def link(name: str, **values: Any) -> str:
    """Where a mail leads: `reset`, `verify` (with `token`) or `recipe` (with `id`)."""
    return settings.MAIL_LINKS[name].format(**values)
