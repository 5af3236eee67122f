"""One Argon2 hash takes 100 MB of memory, so a process makes at most two at a time."""

import threading
from typing import Any

import argon2.low_level
import pytest
from django.contrib.auth.hashers import check_password, make_password
from pytest_django import Settings

from core.settings import PASSWORD_HASHERS
from tests.concurrently import at_once


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many hashes ran when each of them began; the hashes are the real ones."""
    lock, now, seen = threading.Lock(), [0], list[int]()

    def watched(real: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            with lock:
                now[0] += 1
                seen.append(now[0])
            try:
                return real(*args, **kwargs)
            finally:
                with lock:
                    now[0] -= 1

        return run

    monkeypatch.setattr(argon2.low_level, "hash_secret", watched(argon2.low_level.hash_secret))
    monkeypatch.setattr(argon2.low_level, "core", watched(argon2.low_level.core))
    return seen


def test_at_most_two_passwords_are_hashed_at_once(running: list[int], settings: Settings) -> None:
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS  # the tests' own hasher is a fast one
    hashes = at_once([lambda: make_password("correct horse battery")] * 8)
    assert len(running) >= 8
    assert max(running) <= 2
    assert check_password("correct horse battery", hashes[0])
