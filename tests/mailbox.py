"""A real SMTP server in a thread of the test's process, with a mailbox for everybody, that can be told to misbehave."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from core.processes import free_port

# It tells of each line.
logging.getLogger("mail.log").setLevel(logging.WARNING)

# Of an address: the answer instead of "250 OK", HANG_UP for none and a connection that ends, None for the usual one.
Answer = Callable[[str], str | None]
HANG_UP = "hang up"


def usual(address: str) -> None:
    """Nothing out of the ordinary."""


class Mailbox:
    """What was taken is in `messages`, in order. The three answers may be set while it runs.

    `before_rcpt` answers RCPT, `before_data` a whole message that is then not taken, `after_data` one that is taken.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.connections = 0
        self.before_rcpt: Answer = usual
        self.before_data: Answer = usual
        self.after_data: Answer = usual
        self._lock = threading.Lock()
        self._controller: Any = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        self.connections = 0  # the controller looks whether it answers

    def stop(self) -> None:
        """Nobody is served any more; who is connected is cut off."""
        self._controller.stop()

    @contextmanager
    def running(self) -> Iterator["Mailbox"]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def to(self, address: str) -> list[EmailMessage]:
        with self._lock:
            return [message for message in self.messages if message["X-Rcpt"] == address]

    def counts(self) -> Counter[str]:
        """How many messages each address has got."""
        with self._lock:
            return Counter(str(message["X-Rcpt"]) for message in self.messages)

    def take(self, envelope: Envelope) -> None:
        message = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        message["X-Rcpt"] = envelope.rcpt_tos[0]
        with self._lock:
            self.messages.append(message)  # type: ignore[arg-type]


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._said(server, self.mailbox.before_rcpt(address))
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        address = envelope.rcpt_tos[0]
        answer = self._said(server, self.mailbox.before_data(address))
        if answer is None:
            self.mailbox.take(envelope)
            answer = self._said(server, self.mailbox.after_data(address))
        return answer or "250 OK"

    @staticmethod
    def _said(server: SMTP, answer: str | None) -> str | None:
        if answer == HANG_UP:
            server.transport.abort()
        return answer


class _Controller(Controller):
    def __init__(self, mailbox: Mailbox, **kwargs: Any) -> None:
        self._mailbox = mailbox
        super().__init__(_Handler(mailbox), **kwargs)

    def factory(self) -> SMTP:
        self._mailbox.connections += 1
        return SMTP(self.handler, enable_SMTPUTF8=True, ident="mailbox")


def text_of(message: EmailMessage) -> str:
    """The part in plain text."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())
