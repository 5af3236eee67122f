"""Several resets at the same moment, in threads with database sessions of their own."""

import pytest

from accounts.mail_tokens import issue
from accounts.models import MailToken, Session, User
from accounts.services.passwords import password_change, password_reset
from accounts.services.sessions import session_open
from core.errors import Invalid
from tests.concurrently import at_once
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "another long sentence {}"


def won(call: object) -> bool:
    try:
        call()  # type: ignore[operator]
    except Invalid as error:
        assert error.code in ("link_invalid", "wrong_password")
        return False
    return True


@pytest.mark.parametrize("links", [1, 2], ids=["one link", "two links"])
def test_of_several_confirmations_at_once_one_wins(links: int) -> None:
    user = UserFactory()
    tokens = [issue(user=user, purpose=MailToken.Purpose.RESET, email=user.email)[0] for _ in range(links)]

    def confirm(number: int) -> bool:
        return won(lambda: password_reset(token=tokens[number % links], new_password=NEW.format(number)))

    results = at_once([lambda number=number: confirm(number) for number in range(6)])  # type: ignore[misc]
    assert sum(results) == 1
    assert User.objects.get().check_password(NEW.format(results.index(True)))
    assert not MailToken.objects.exists()


def test_a_change_and_a_reset_at_once_leave_one_password_and_no_strange_session() -> None:
    user = UserFactory()
    token, _ = issue(user=user, purpose=MailToken.Purpose.RESET, email=user.email)
    kept, other = session_open(user=user), session_open(user=user)
    results = at_once(
        [
            lambda: won(lambda: password_reset(token=token, new_password=NEW.format("reset"))),
            lambda: won(
                lambda: password_change(
                    user=User.objects.get(), session=kept, current_password=PASSWORD, new_password=NEW.format("change")
                )
            ),
        ]
    )
    # The change deletes the links, the reset the password that the change was checked against.
    assert sum(results) == 1
    assert User.objects.get().check_password(NEW.format(("reset", "change")[results.index(True)]))
    live = set(Session.objects.live().values_list("pk", flat=True))
    assert other.pk not in live
    assert live == (set() if results[0] else {kept.pk})
