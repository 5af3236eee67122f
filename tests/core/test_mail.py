"""What `core.mail` knows of a message: sent, not sent, or perhaps."""

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from core.mail import Mailer, MailError, MaybeSent, Refused, ServerAway
from tests.mailbox import HANG_UP, Mailbox


def message(to: str = "ann@example.com") -> EmailMultiAlternatives:
    return EmailMultiAlternatives("Hello", "Hello, Ann.", to=[to])


def send(mailer: Mailer, to: str = "ann@example.com") -> MailError | None:
    try:
        mailer.send(message(to))
    except MailError as error:
        assert to not in str(error)
        return error
    return None


def test_many_messages_go_over_one_connection(mailbox: Mailbox) -> None:
    with Mailer() as mailer:
        assert [send(mailer, f"{n}@example.com") for n in range(5)] == [None] * 5
    assert (len(mailbox.messages), mailbox.connections) == (5, 1)


@pytest.mark.parametrize(("answer", "is_temporary"), [("452 full", True), ("550 unknown", False)])
@pytest.mark.parametrize("step", ["before_rcpt", "before_data"])
def test_a_refusal_is_of_that_message_alone(mailbox: Mailbox, step: str, answer: str, is_temporary: bool) -> None:
    setattr(mailbox, step, lambda address: answer if address.startswith("bad") else None)
    with Mailer() as mailer:
        found = [send(mailer, to) for to in ("ann@example.com", "bad@example.com", "bob@example.com")]
    refusal = found[1]
    assert isinstance(refusal, Refused)
    assert (found[0], found[2]) == (None, None)
    assert (refusal.is_temporary, refusal.of_recipient) == (is_temporary, step == "before_rcpt")
    assert (len(mailbox.messages), mailbox.connections) == (2, 1)


def test_a_connection_that_breaks_before_the_text_is_made_again(mailbox: Mailbox) -> None:
    breaks = iter([None, HANG_UP, None])
    mailbox.before_rcpt = lambda address: next(breaks)
    with Mailer() as mailer:
        assert (send(mailer), send(mailer)) == (None, None)
    assert (len(mailbox.messages), mailbox.connections) == (2, 2)


@pytest.mark.parametrize(("step", "taken"), [("before_data", 0), ("after_data", 1)])
def test_a_connection_that_breaks_at_the_text_leaves_it_open(mailbox: Mailbox, step: str, taken: int) -> None:
    setattr(mailbox, step, lambda address: HANG_UP)
    with Mailer() as mailer:
        assert isinstance(send(mailer), MaybeSent)
        assert len(mailbox.messages) == taken
        setattr(mailbox, step, lambda address: None)
        assert send(mailer, "bob@example.com") is None


def test_a_server_that_is_away_or_serves_nobody_is_known_to_have_sent_nothing(mailbox: Mailbox) -> None:
    mailbox.before_rcpt = lambda address: "421 closing"
    with Mailer() as mailer:
        assert isinstance(send(mailer), ServerAway)
        mailbox.stop()
        assert isinstance(send(mailer), ServerAway)
        mailbox.start()
        mailbox.before_rcpt = lambda address: None
        assert send(mailer) is None
    assert len(mailbox.messages) == 1


def test_a_server_that_does_not_let_us_in_is_away(mailbox: Mailbox, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "simmer", "wrong"
    with Mailer() as mailer:
        assert isinstance(send(mailer), ServerAway)


def test_what_another_backend_raises_leaves_it_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: object, messages: object) -> int:
        raise ConnectionResetError

    monkeypatch.setattr("django.core.mail.backends.dummy.EmailBackend.send_messages", breaks)
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with Mailer() as mailer:
        assert isinstance(send(mailer), MaybeSent)
