"""A password that is changed while somebody uses the old one."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.services.passwords import password_change
from accounts.services.sessions import session_open
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "another long sentence 7"


def test_a_sign_in_with_the_password_that_is_just_being_changed_is_refused(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = session_open(user=ann)
    check = User.check_password

    def check_while_it_changes(user: User, raw: str) -> bool:
        good: bool = check(user, raw)
        monkeypatch.setattr(User, "check_password", check)
        owner = User.objects.get(pk=ann.pk)
        password_change(user=owner, session=kept, current_password=PASSWORD, new_password=NEW)
        return good

    monkeypatch.setattr(User, "check_password", check_while_it_changes)
    response: Any = APIClient().post("/api/auth/token/", {"username": "ann", "password": PASSWORD})

    assert (response.status_code, response.json()["code"]) == (401, "bad_credentials")
    assert [session.pk for session in Session.objects.live().filter(user=ann)] == [kept.pk]


def test_guesses_at_the_present_password_are_counted(as_ann: APIClient) -> None:
    wrong = {"current_password": "a wrong guess", "new_password": NEW}
    statuses = [as_ann.post("/api/auth/password/change/", wrong).status_code for _ in range(6)]

    assert statuses == [400] * 5 + [429]
