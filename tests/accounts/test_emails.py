"""POST /api/auth/email/verify/, .../verify/request/ and /api/auth/email/change/"""

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.mail_tokens import issue
from accounts.models import MailToken, User
from accounts.services.emails import email_verify
from core.errors import Invalid
from realtime.models import Job
from tests.accounts.conftest import sign_in
from tests.actors import client_of
from tests.concurrently import at_once
from tests.factories import PASSWORD, UserFactory
from tests.jobs import run_jobs
from tests.mailbox import Mailbox, html_of, text_of

NEW = "ann.lee@example.com"


def newest_token(mailbox: Mailbox, address: str) -> str:
    tokens = [found[1] for mail in mailbox.to(address) if (found := re.search(r"/email/#(\S+)", text_of(mail)))]
    return tokens[-1]


def verify(token: str) -> Any:
    return APIClient().post("/api/auth/email/verify/", {"token": token})


def change(client: APIClient, email: str, password: str = PASSWORD) -> Any:
    return client.post("/api/auth/email/change/", {"email": email, "current_password": password})


def test_whoever_registers_gets_a_mail_whose_link_confirms_the_address(db: None, mailbox: Mailbox) -> None:
    body = {"email": "zoe@example.com", "username": "zoe", "password": PASSWORD}
    reply = APIClient().post("/api/auth/register/", body).json()
    assert (reply["user"]["email_verified"], reply["user"]["new_email"]) == (False, None)
    run_jobs()
    [message] = mailbox.messages
    assert (message["To"], message["Subject"]) == ("zoe@example.com", "Confirm your e-mail address")
    token = newest_token(mailbox, "zoe@example.com")
    assert verify(token).status_code == 204
    assert sign_in("zoe")["user"]["email_verified"]
    again = verify(token)
    assert (again.status_code, again.json()["code"]) == (400, "link_invalid")


def test_a_mail_to_an_address_that_is_not_confirmed_carries_no_word_of_the_registrant(
    db: None, mailbox: Mailbox
) -> None:
    """Anybody can register with the address of another person, and choose these words."""
    body = {"email": "victim@example.com", "username": "Win-Money", "password": PASSWORD}
    words = {"display_name": "WINNER", "first_name": "CLICK", "last_name": "HERE"}
    access = APIClient().post("/api/auth/register/", {**body, **words}).json()["access"]
    APIClient().post("/api/auth/password/reset/", {"email": "victim@example.com"})
    registrant = APIClient()
    registrant.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    registrant.post("/api/auth/password/change/", {"current_password": PASSWORD, "new_password": "a new long one 7"})
    change(registrant, "another@example.com", "a new long one 7")
    run_jobs()
    assert {message["To"] for message in mailbox.messages} == {"victim@example.com", "another@example.com"}
    assert len(mailbox.messages) >= 4
    for message in mailbox.messages:
        for part in (message["Subject"], text_of(message), html_of(message)):
            assert not [word for word in (*words.values(), "Win-Money", "win-money") if word in part]


def test_a_mail_to_a_confirmed_address_says_the_name(as_ann: APIClient, ann: User, mailbox: Mailbox) -> None:
    User.objects.update(email_verified_at="2026-01-01T00:00Z", display_name="Ann Lee")
    APIClient().post("/api/auth/password/reset/", {"email": "ann@example.com"})
    change(as_ann, NEW)
    run_jobs()
    assert {message["To"]: "Hello Ann Lee," in text_of(message) for message in mailbox.messages} == {
        "ann@example.com": True,
        NEW: False,
    }


def test_another_mail_can_be_asked_for_until_there_is_nothing_to_confirm(as_ann: APIClient, mailbox: Mailbox) -> None:
    assert as_ann.post("/api/auth/email/verify/request/").status_code == 202
    run_jobs()
    assert verify(newest_token(mailbox, "ann@example.com")).status_code == 204
    refused = as_ann.post("/api/auth/email/verify/request/")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_verified")


def test_more_than_five_mails_an_hour_are_refused(as_ann: APIClient, mailbox: Mailbox) -> None:
    answers = [as_ann.post("/api/auth/email/verify/request/") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 3000
    run_jobs()
    assert len(mailbox.messages) == 5
    assert change(as_ann, NEW).status_code == 429, "other addresses count, too"


def test_the_address_changes_when_the_new_one_is_confirmed(ann: User, as_ann: APIClient, mailbox: Mailbox) -> None:
    assert change(as_ann, NEW).status_code == 202
    me = as_ann.get("/api/me/").json()
    assert (me["email"], me["new_email"]) == ("ann@example.com", NEW)
    run_jobs()
    assert [mail["Subject"] for mail in mailbox.to("ann@example.com")] == ["Your e-mail address is about to change"]
    assert verify(newest_token(mailbox, NEW)).status_code == 204
    me = as_ann.get("/api/me/").json()
    assert (me["email"], me["email_verified"], me["new_email"]) == (NEW, True, None)
    assert APIClient().post("/api/auth/token/", {"email": NEW, "password": PASSWORD}).status_code == 200


def test_links_in_the_mailbox_that_was_left_open_nothing(ann: User, as_ann: APIClient, mailbox: Mailbox) -> None:
    APIClient().post("/api/auth/password/reset/", {"email": "ann@example.com"})
    change(as_ann, NEW)
    run_jobs()
    reset = re.search(r"/password/#(\S+)", "".join(map(text_of, mailbox.to("ann@example.com"))))
    assert reset is not None
    verify(newest_token(mailbox, NEW))
    body = {"token": reset[1], "new_password": "another long sentence 7"}
    assert APIClient().post("/api/auth/password/reset/confirm/", body).json()["code"] == "link_invalid"


def test_a_change_needs_the_password_and_an_address_that_is_free(
    as_ann: APIClient, bob: User, mailbox: Mailbox
) -> None:
    assert list(change(as_ann, NEW, "wrong").json()["errors"]) == ["current_password"]
    assert list(change(as_ann, "BOB@example.com").json()["errors"]) == ["email"]
    assert list(change(as_ann, "no address").json()["errors"]) == ["email"]
    assert not Job.objects.exists()
    assert as_ann.get("/api/me/").json()["new_email"] is None


def test_an_address_that_somebody_else_took_meanwhile_stays_theirs(as_ann: APIClient, mailbox: Mailbox) -> None:
    change(as_ann, NEW)
    run_jobs()
    UserFactory(username="other", email=NEW.upper())
    refused = verify(newest_token(mailbox, NEW))
    assert (refused.status_code, refused.json()["code"]) == (409, "email_taken")
    assert as_ann.get("/api/me/").json()["email"] == "ann@example.com"


def test_only_the_address_that_was_asked_for_last_can_be_confirmed(as_ann: APIClient, mailbox: Mailbox) -> None:
    change(as_ann, "first@example.com")
    run_jobs()
    change(as_ann, "second@example.com")
    run_jobs()
    assert verify(newest_token(mailbox, "first@example.com")).json()["code"] == "link_invalid"
    assert verify(newest_token(mailbox, "second@example.com")).status_code == 204


def test_giving_the_present_address_takes_a_change_back(as_ann: APIClient, mailbox: Mailbox) -> None:
    change(as_ann, NEW)
    run_jobs()
    assert change(as_ann, "Ann@example.com").status_code == 202
    assert as_ann.get("/api/me/").json()["new_email"] is None
    assert verify(newest_token(mailbox, NEW)).json()["code"] == "link_invalid"
    run_jobs()
    assert len(mailbox.messages) == 2


@pytest.mark.django_db(transaction=True)
def test_of_several_confirmations_at_once_one_wins() -> None:
    user = UserFactory(new_email=NEW)
    token, _ = issue(user=user, purpose=MailToken.Purpose.VERIFY, email=NEW)

    def confirm() -> bool:
        try:
            email_verify(token=token)
        except Invalid:
            return False
        return True

    assert sum(at_once([confirm] * 6)) == 1
    assert User.objects.get().email == NEW


def test_staff_who_change_an_address_leave_it_unconfirmed(ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(email_verified_at="2026-01-01T00:00Z", new_email=NEW)
    client = Client()
    client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))
    page = client.get(f"/admin/accounts/user/{ann.pk}/change/")
    form = page.context["adminform"].form
    fields = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    profile = page.context["inline_admin_formsets"][0].formset
    fields |= {field.html_name: field.value() for field in profile.management_form}
    for field in profile.forms[0]:
        if field.value() not in (None, False):
            fields[field.html_name] = field.value()
    fields |= {"email": "fixed@example.com", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    answer = client.post(f"/admin/accounts/user/{ann.pk}/change/", fields)
    assert answer.status_code == 302, answer.context["errors"]
    me = client_of(ann).get("/api/me/").json()
    assert (me["email"], me["email_verified"], me["new_email"]) == ("fixed@example.com", False, None)
