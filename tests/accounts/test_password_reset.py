"""POST /api/auth/password/reset/ and .../confirm/"""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import MailToken, User
from realtime.models import Job
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.factories import PASSWORD
from tests.jobs import run_jobs
from tests.mailbox import Mailbox, html_of, text_of

NEW = "another long sentence 7"


def ask(email: str = "ann@example.com") -> Any:
    return APIClient().post("/api/auth/password/reset/", {"email": email})


def confirm(token: str, password: str = NEW) -> Any:
    return APIClient().post("/api/auth/password/reset/confirm/", {"token": token, "new_password": password})


def token_in(mailbox: Mailbox, address: str = "ann@example.com") -> str:
    """Of the newest mail to that address."""
    found = re.search(r"#(\S+)", text_of(mailbox.to(address)[-1]))
    assert found is not None
    return found[1]


@pytest.fixture
def token(ann: User, mailbox: Mailbox) -> str:
    ask()
    run_jobs()
    return token_in(mailbox)


def test_the_link_of_the_mail_sets_a_new_password_and_signs_out_everywhere(
    ann: User, mailbox: Mailbox, token: str
) -> None:
    sessions = [sign_in("ann"), sign_in("ann")]
    assert confirm(token).status_code == 204
    for reply in sessions:
        assert bearer(reply["access"]).get("/api/me/").status_code == 401
    assert [event["type"] for event in events_on(f"inbox:{ann.pk}")] == ["session.revoked"] * 2
    assert APIClient().post("/api/auth/token/", {"username": "ann", "password": PASSWORD}).status_code == 401
    reply = sign_in("ann", NEW)
    assert reply["user"]["email_verified"], "who reads the mailbox has shown that it is theirs"
    run_jobs()
    assert mailbox.to("ann@example.com")[-1]["Subject"] == "Your password was changed"


def test_a_link_is_good_once(token: str) -> None:
    assert confirm(token).status_code == 204
    again = confirm(token, "yet another sentence 8")
    assert (again.status_code, again.json()["code"]) == (400, "link_invalid")
    sign_in("ann", NEW)


def test_a_used_link_takes_the_other_ones_with_it(mailbox: Mailbox, token: str) -> None:
    ask()
    run_jobs()
    other = token_in(mailbox)
    assert other != token
    assert confirm(other).status_code == 204
    assert confirm(token).json()["code"] == "link_invalid"


def test_a_link_is_good_for_an_hour(token: str) -> None:
    left = MailToken.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=55) < left <= timedelta(hours=1)
    MailToken.objects.update(expires_at=timezone.now())
    assert confirm(token).json()["code"] == "link_invalid"


def test_a_password_that_is_too_weak_does_not_use_up_the_link(token: str) -> None:
    refused = confirm(token, "12345678")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["new_password"])
    assert confirm(token).status_code == 204


def test_a_link_that_is_none_changes_nothing(ann: User) -> None:
    for token in ("", "none", "x" * 100):
        assert confirm(token).status_code == 400
    sign_in("ann")


def test_a_link_that_verifies_an_address_resets_nothing(ann: User, mailbox: Mailbox) -> None:
    APIClient().post("/api/auth/register/", {"email": "zoe@example.com", "password": PASSWORD})
    run_jobs()
    assert confirm(token_in(mailbox, "zoe@example.com")).json()["code"] == "link_invalid"


def test_a_changed_password_ends_the_links_that_were_sent_before(token: str) -> None:
    access = sign_in("ann")["access"]
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert bearer(access).post("/api/auth/password/change/", body).status_code == 204
    assert confirm(token, "yet another sentence 8").json()["code"] == "link_invalid"


def test_a_closed_account_gets_no_link_and_uses_none(ann: User, mailbox: Mailbox, token: str) -> None:
    bearer(sign_in("ann")["access"]).delete("/api/me/", {"password": PASSWORD})
    assert confirm(token).json()["code"] == "link_invalid"
    ask()
    run_jobs()
    assert len(mailbox.messages) == 1


def test_whoever_was_locked_out_may_sign_in_after_a_reset(token: str) -> None:
    for _ in range(6):
        last = APIClient().post("/api/auth/token/", {"username": "ann", "password": "wrong"})
    assert last.status_code == 429
    confirm(token)
    sign_in("ann", NEW)


def test_a_reset_empties_the_whole_count_of_failed_sign_ins(ann: User, token: str) -> None:
    """At every address, and the count of the account as a whole: 100 failed sign-ins a day from anywhere close it."""
    addresses = [f"192.0.2.{number}" for number in range(1, 21)]
    body = {"username": "ann", "password": "wrong"}
    for address in addresses:
        for _ in range(5):
            APIClient().post("/api/auth/token/", body, REMOTE_ADDR=address)
    locked = APIClient().post("/api/auth/token/", body | {"password": PASSWORD}, REMOTE_ADDR="192.0.2.99")
    assert locked.status_code == 429
    assert confirm(token).status_code == 204
    for address in ("192.0.2.99", addresses[0]):
        opened = APIClient().post("/api/auth/token/", {"username": "ann", "password": NEW}, REMOTE_ADDR=address)
        assert opened.status_code == 200


def shape_of(queries: CaptureQueriesContext) -> list[str]:
    """The statements without their values."""
    return [re.sub(r"'[^']*'|\b\d+\b|_x\d+", "?", query["sql"]) for query in queries]


@pytest.mark.parametrize("email", ["nobody@example.com", "closed@example.com"])
def test_known_and_unknown_are_answered_alike_and_after_the_same_work(ann: User, email: str) -> None:
    User.objects.create(username="closed", email="closed@example.com", is_active=False, password=make_password(None))
    with CaptureQueriesContext(connection) as known:
        expected = ask("ANN@example.com")
    with CaptureQueriesContext(connection) as unknown:
        answer = ask(email)
    assert answer.status_code == expected.status_code == 202
    assert answer.json() == expected.json()
    assert set(answer.headers) == set(expected.headers)
    assert shape_of(unknown) == shape_of(known)
    assert Job.objects.filter(task="accounts.mail_reset_password").count() == 2


def test_one_mailbox_gets_five_links_an_hour_and_the_answer_does_not_tell(ann: User, mailbox: Mailbox) -> None:
    answers = {ask().status_code for _ in range(7)}
    run_jobs()
    assert answers == {202}
    assert len(mailbox.messages) == 5


def test_asking_is_limited_like_signing_in(ann: User, settings: Any) -> None:
    settings.THROTTLES = settings.THROTTLES | {"auth": "2/min"}
    assert [ask().status_code for _ in range(3)] == [202, 202, 429]
    settings.THROTTLES = settings.THROTTLES | {"auth": "2/hour"}
    assert confirm("x").status_code == 429


def test_the_mail_leads_to_the_address_that_is_set(ann: User, mailbox: Mailbox, settings: Any) -> None:
    User.objects.update(email_verified_at=timezone.now())
    settings.MAIL_LINKS = settings.MAIL_LINKS | {"reset": "https://app.example/reset?t={token}"}
    ask()
    run_jobs()
    [message] = mailbox.messages
    assert message["To"] == "ann@example.com"
    assert message["From"] == settings.DEFAULT_FROM_EMAIL
    for part in (text_of(message), html_of(message)):
        assert "https://app.example/reset?t=" in part
        assert "ann" in part


def test_neither_token_nor_address_is_in_the_database_or_a_log(
    ann: User, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask()
    assert "example.com" not in str(list(Job.objects.values()))
    run_jobs()
    token = token_in(mailbox)
    assert token not in str(list(MailToken.objects.values()))
    confirm(token)
    run_jobs()
    ours = [record for record in caplog.records if not record.name.startswith(("django.db", "asyncio"))]
    assert ours
    for record in ours:
        assert token not in record.getMessage()
        assert "ann@example.com" not in record.getMessage()


def test_a_mail_server_that_is_away_is_tried_again_and_leaves_no_link_behind(ann: User, mailbox: Mailbox) -> None:
    mailbox.stop()
    ask()
    run_jobs()
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("queued", 1)
    assert "cannot be reached" in job.error
    assert not MailToken.objects.exists()
    mailbox.start()
    Job.objects.update(enqueue_at=timezone.now())
    run_jobs()
    assert len(mailbox.to("ann@example.com")) == 1
    assert MailToken.objects.count() == 1


def test_a_mailbox_that_is_none_is_not_tried_again(
    ann: User, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.before_rcpt = lambda address: "550 unknown"
    ask()
    run_jobs()
    assert not Job.objects.exists()
    assert f"mail_refused user={ann.pk} code=550" in caplog.text
