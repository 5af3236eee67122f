"""The documented tables are those of the classes."""

import pytest
from django.core.management import CommandError, call_command

from realtime.events import EVENTS
from realtime.management.commands import event_table


def test_every_event_and_channel_is_in_the_document() -> None:
    call_command("event_table", "--check")
    document = event_table.DOCUMENT.read_text()
    assert all(f"| `{event_type}` |" in document for event_type in EVENTS)


def test_an_event_that_is_missing_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(EVENTS, "rating.created")
    with pytest.raises(CommandError):
        call_command("event_table", "--check")


def test_every_event_says_when_it_happens() -> None:
    assert all(event_class.__doc__ and "(" not in event_class.__doc__[:1] for event_class in EVENTS.values())
