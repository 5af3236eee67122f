"""Logs: one line an event, fields as fields in JSON, the id of the request, and nothing secret however it is logged."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.logs import JsonFormatter, LineFormatter, config, request_id

MAIL, TOKEN = "ann@example.org", "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjo0Mn0.c2lnbmF0dXJl"

Logged = Callable[..., str]


@pytest.fixture
def named() -> Iterator[None]:
    token = request_id.set("3f2a")
    yield
    request_id.reset(token)


def line(message: Any, *args: Any, formatter: type[logging.Formatter] = LineFormatter, **kwargs: Any) -> str:
    record = logging.LogRecord("core.limits", logging.WARNING, "limits.py", 1, message, args, kwargs.get("exc_info"))
    return formatter().format(record)


def entry(message: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    text = line(message, *args, formatter=JsonFormatter, **kwargs)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_when_how_bad_who_and_what(named: None) -> None:
    time, rest = line("limits_local seconds=%g error=%s", 5.0, "TimeoutError").split(" WARNING ")
    assert len(time) == len("2026-11-21 10:00:00,000")
    assert rest == "core.limits limits_local seconds=5 error=TimeoutError request=3f2a"


def test_json_has_the_fields_by_themselves(named: None) -> None:
    found = entry("limits_local seconds=%g error=%s", 5.0, "TimeoutError")
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "WARNING",
        "logger": "core.limits",
        "message": "limits_local seconds=5 error=TimeoutError",
        "event": "limits_local",
        "fields": {"seconds": 5.0, "error": "TimeoutError"},
        "request": "3f2a",
    }


def test_a_message_of_somebody_else_has_no_fields() -> None:
    assert "fields" not in entry("Connected to %s: %d of 100%%", "host", 3)
    assert entry("Connected to %s", "host")["message"] == "Connected to host"
    assert "event" not in entry("Connected to host")
    assert "fields" not in entry("%(name)s failed", {"name": "task"})


def test_a_percent_sign_takes_no_argument() -> None:
    assert entry("disk.full used=%d%% of=%s", 90, "/data")["fields"] == {"used": 90, "of": "/data"}


@pytest.mark.parametrize("formatter", [LineFormatter, JsonFormatter])
@pytest.mark.parametrize(
    ("message", "args"),
    [
        (f"signed in {MAIL} with {TOKEN}", ()),
        ("signed_in who=%s token=%s", (MAIL, TOKEN)),
        ("failed %s", ({"email": MAIL, "access": TOKEN},)),
        ("failed %(error)s", ({"error": f"{MAIL} {TOKEN}"},)),
        (ValueError(f"{MAIL} {TOKEN}"), ()),
        ("not enough %s %s", (f"{MAIL} {TOKEN}",)),
        ("header=%r", ([(b"authorization", f"Bearer {TOKEN}".encode()), (b"from", MAIL.encode())],)),
    ],
)
def test_no_e_mail_and_no_token_is_logged(formatter: type[logging.Formatter], message: Any, args: Any) -> None:
    text = line(message, *args, formatter=formatter)
    assert "ann" not in text and "c2lnbmF0dXJl" not in text


@pytest.mark.parametrize("formatter", [LineFormatter, JsonFormatter])
def test_a_traceback_holds_no_secret_either(formatter: type[logging.Formatter]) -> None:
    try:
        try:
            raise ValueError(f"Key (email)=({MAIL}) already exists")
        except ValueError as error:
            raise RuntimeError(f"token={TOKEN}") from error
    except RuntimeError:
        text = line("request_failed", formatter=formatter, exc_info=sys.exc_info())
    assert "ValueError" in text and "RuntimeError" in text and "test_logs.py" in text
    assert "ann" not in text.replace("another", "") and "c2lnbmF0dXJl" not in text


def test_a_short_secret_is_known_by_the_name_of_its_field() -> None:
    assert entry("gave password=%s", "pears in red wine")["fields"] == {"password": "…"}


def test_what_a_client_sent_makes_no_line_of_its_own() -> None:
    text = line("not_found path=%s", "/x\n2026-11-21 10:00:00,000 ERROR core forged=1\r\x1b[31m\u2028")
    assert "\n" not in text and "\r" not in text and "\x1b" not in text and "\u2028" not in text
    assert "\\n2026" in text


def test_a_lone_surrogate_is_logged_in_words() -> None:
    assert "\\ud800" in line("name=%s", "\ud800")
    assert "\\ud800" in entry("name=%s", "\ud800")["message"]


def test_a_traceback_stands_indented_below_its_line() -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        first, *rest = line("request_failed", exc_info=sys.exc_info()).split("\n")
    assert first.endswith("request_failed") and rest
    assert all(more.startswith("    ") for more in rest)


def test_django_says_nothing_twice() -> None:
    loggers = config(level="INFO", formatter="line")["loggers"]
    assert loggers["django"]["handlers"] == []
    assert loggers["django.request"]["level"] == "ERROR"
