"""What every test shares: settings that keep tests apart, and the fixtures of the real stack."""

import os
from pathlib import Path

import pytest
import redis
from pytest_django import Settings


@pytest.fixture(autouse=True)
def isolated(settings: Settings, tmp_path: Path) -> None:
    """No throttles, cheap passwords, files in the test's own folder. A test that is about one of these sets it."""
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, "off")
    settings.SOCKETS_PER_USER = settings.SOCKETS_PER_ADDRESS = settings.CHANNELS_PER_SOCKET = None
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_MEDIA_ROOT = tmp_path / "private"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {"location": settings.MEDIA_ROOT, "base_url": settings.MEDIA_URL},
        },
        "private": {
            **settings.STORAGES["private"],
            "OPTIONS": {"location": settings.PRIVATE_MEDIA_ROOT, "base_url": None},
        },
    }


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    """This worker's Redis database, emptied before each test."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()
