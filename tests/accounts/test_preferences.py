"""GET PATCH /api/me/preferences/, and the page that ends the digest."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Profile, User
from accounts.unsubscribing import unsubscribe_url

PATH = "/api/me/preferences/"
DEFAULTS = {"digest": True, "timezone": "UTC", "email_notifications": True}


def test_they_are_there_from_the_beginning(as_ann: APIClient) -> None:
    assert as_ann.get(PATH).json() == DEFAULTS


def test_each_can_be_changed_by_itself(as_ann: APIClient, bob: User) -> None:
    changes: list[dict[str, Any]] = [
        {"digest": False}, {"timezone": "America/St_Johns"}, {"email_notifications": False}, {},
    ]  # fmt: skip
    expected = dict(DEFAULTS)
    for change in changes:
        expected |= change
        answer = as_ann.patch(PATH, change)
        assert (answer.status_code, answer.json()) == (200, expected)
    assert as_ann.get(PATH).json() == expected
    assert Profile.objects.filter(digest=True, timezone="UTC", email_notifications=True).get().user == bob


@pytest.mark.parametrize(
    "change",
    [
        {"timezone": "Europe/Nowhere"}, {"timezone": "europe/berlin"}, {"timezone": ""}, {"timezone": None},
        {"timezone": "../../etc/passwd"}, {"timezone": "x" * 100}, {"timezone": 1},
        {"timezone": "localtime"}, {"timezone": "Factory"},
        {"digest": "yes"}, {"digest": 1}, {"digest": None}, {"email_notifications": "false"},
    ],
)  # fmt: skip
def test_what_is_no_preference_is_refused_whole(as_ann: APIClient, change: dict[str, Any]) -> None:
    answer = as_ann.patch(PATH, {"digest": False, "email_notifications": False} | change)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(change)
    assert as_ann.get(PATH).json() == DEFAULTS


@pytest.fixture
def link(ann: User, settings: Any) -> str:
    """The link of Ann's digests, without the host."""
    url = unsubscribe_url(ann.pk)
    assert url.startswith(settings.PUBLIC_URL)
    return url.removeprefix(settings.PUBLIC_URL)


def test_one_click_ends_the_digest_without_signing_in(as_ann: APIClient, bob: User, link: str) -> None:
    """As RFC 8058 has it: a POST by the mail provider, with no cookie, and nothing else is changed."""
    answer = Client(enforce_csrf_checks=True).post(
        link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert as_ann.get(PATH).json() == DEFAULTS | {"digest": False}
    assert Profile.objects.get(user=bob).digest


def test_looking_at_the_link_ends_nothing(as_ann: APIClient, link: str) -> None:
    page = Client().get(link)
    assert page.status_code == 200
    assert b'<form method="post">' in page.content
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    assert as_ann.get(PATH).json() == DEFAULTS


def test_the_link_works_again_and_after_it_was_turned_on_again(as_ann: APIClient, link: str) -> None:
    for _ in range(2):
        assert Client().post(link).status_code == 200
    as_ann.patch(PATH, {"digest": True})
    assert Client().post(link).status_code == 200
    assert as_ann.get(PATH).json()["digest"] is False


@pytest.mark.parametrize("change", ["", "x", ":", "1:x"])
def test_a_link_that_is_not_whole_is_a_sentence(as_ann: APIClient, link: str, change: str) -> None:
    for path in (link.partition("=")[0] + "=" + change, link[:-1], link.partition("?")[0]):
        for answer in (Client().get(path), Client().post(path)):
            assert answer.status_code == 400
            assert b"This link is not complete" in answer.content
    assert as_ann.get(PATH).json() == DEFAULTS


def test_nobody_ends_the_digest_of_another(as_ann: APIClient, bob: User, link: str) -> None:
    forged = link.replace(f"={link.partition('=')[2].partition('%3A')[0].partition(':')[0]}", f"={bob.pk}")
    assert forged != link
    assert Client().post(forged).status_code == 400
    assert Profile.objects.get(user=bob).digest
