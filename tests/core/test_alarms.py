"""Alarms: each is told once when it is raised and once when it is over, however many processes watch."""

import logging
from collections.abc import Iterator, Mapping

import pytest
from django.test import Client

from core import alarms
from core.alarms import Alarm, alarm_kinds, current_alarms, register_alarm
from core.models import RaisedAlarm
from core.watch import Watch, watch
from tests.concurrently import at_once
from tests.stack import wait_until


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the only check there is finds."""
    found: dict[str, str] = {}
    monkeypatch.setattr(alarms, "_kinds", {})

    def check() -> Mapping[str, str]:
        return found

    register_alarm("oven_cold", check, "Ovens that are off.")
    yield found


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage().split(" detail")[0].split(" since")[0]) for record in caplog.records]


@pytest.mark.django_db
def test_an_alarm_is_told_when_it_is_raised_and_when_it_is_over(
    wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "core.watch")
    watch()
    assert told(caplog) == []
    wrong["left"] = "The left oven is off: light it."
    watch()
    watch()
    assert told(caplog) == [(logging.ERROR, "alarm.raised kind=oven_cold subject='left'")]
    assert "The left oven is off: light it." in caplog.text
    caplog.clear()
    wrong.clear()
    watch()
    watch()
    assert told(caplog) == [(logging.INFO, "alarm.over kind=oven_cold subject='left'")]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_watch_one_tells(wrong: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "core.watch")
    wrong["left"] = "The left oven is off."
    at_once([watch] * 8)
    assert len(told(caplog)) == 1
    wrong.clear()
    at_once([watch] * 8)
    assert len(told(caplog)) == 2


@pytest.mark.django_db
def test_an_alarm_that_goes_on_says_what_is_wrong_now(wrong: dict[str, str]) -> None:
    wrong["left"] = "It is off."
    watch()
    wrong["left"] = "It is off, and open."
    watch()
    assert RaisedAlarm.objects.get().detail == "It is off, and open."


@pytest.mark.django_db
def test_a_check_that_fails_is_an_alarm_and_hides_no_other(wrong: dict[str, str]) -> None:
    def fail() -> Mapping[str, str]:
        raise RuntimeError("password=secret")

    register_alarm("broken", fail, "Never known.")
    wrong[""] = "All ovens are off."
    assert current_alarms() == [
        Alarm("check_failed", "broken", "The check of broken fails with RuntimeError."),
        Alarm("oven_cold", "", "All ovens are off."),
    ]


def test_every_kind_is_known_before_it_is_raised(wrong: dict[str, str]) -> None:
    assert alarm_kinds() == {"check_failed": "The check of another alarm fails.", "oven_cold": "Ovens that are off."}


@pytest.mark.django_db(transaction=True)
def test_a_process_that_watches_tells_by_itself_and_leaves_no_session(
    wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.watch.WATCH_SECONDS", 0.05)
    watching = Watch()
    watching.start()
    try:
        wrong["left"] = "It is off."
        wait_until(RaisedAlarm.objects.exists, what="the alarm")
        wrong.clear()
        wait_until(lambda: not RaisedAlarm.objects.exists(), what="the end of the alarm")
    finally:
        watching.stop()
        watching.join(30)


@pytest.mark.django_db
def test_the_admin_shows_what_is_wrong(wrong: dict[str, str], admin_client: Client) -> None:
    wrong["left"] = "The left oven is off: light it."
    watch()
    page = admin_client.get("/admin/core/raisedalarm/")
    assert "The left oven is off: light it." in page.text
    assert admin_client.get("/admin/core/raisedalarm/add/").status_code == 403
