"""What every test shares: settings that keep tests apart, and the fixtures of the real stack."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from tests import services
from tests.stack import Stack


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


@pytest.fixture(scope="session")
def session_stack() -> Iterator[Stack]:
    """Use `stack`, which has everything up again after a test that killed something."""
    stack = Stack(Path(os.environ[services.FOLDER]) / f"stack-{services.worker_number()}")
    try:
        stack.create()
        yield stack
    finally:
        stack.destroy()


@pytest.fixture
def stack(session_stack: Stack) -> Stack:
    """A running web server, relay and worker on a database of their own: see tests/stack.py."""
    session_stack.ensure_running()
    return session_stack


def _program(names: tuple[str, ...], package: str) -> str:
    """The path of a program that only some tests need; without it they are skipped, and the run's end says why."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{names[0]} is not installed: apt install {package}, or run .ci/run")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return _program(("chromium", "chromium-browser", "google-chrome"), "chromium")


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of nginx."""
    return _program(("nginx",), "nginx")


@pytest.fixture(scope="session")
def node() -> str:
    """The path of node; the packages of tests/node (npm's `centrifuge`, `ws`) are installed beside it."""
    path = _program(("node",), "nodejs npm")
    if not (services.ROOT / "tests/node/node_modules").is_dir():
        pytest.skip("the packages of tests/node are not installed: npm ci --prefix tests/node, or run .ci/run")
    return path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of the stack that fails shows what its processes printed."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and stack is not None:
        report.sections.extend(stack.report())
    return report
