"""What every test shares: settings that keep tests apart, and the fixtures of the real stack."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import DjangoDbBlocker, Settings

from core import limits
from tests import emptying, event_schemas, services, template
from tests.isolation import isolation
from tests.mailbox import Mailbox
from tests.stack import Stack

# The fixtures `bucket`, `moto` and `rclone`; `pages` and `names`.
pytest_plugins = ["tests.s3", "tests.pages"]

emptying.install()


@pytest.fixture(autouse=True)
def isolated(settings: Settings, tmp_path: Path) -> None:
    """Settings of each test: tests/isolation.py. A test that is about one of these sets it."""
    for name, value in isolation(tmp_path).items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    """This worker's Redis database, and what this process remembers of it, emptied before each test."""
    limits.forget_all()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A real mail server, to which the jobs of this test's process send: tests/mailbox.py."""
    settings.EMAIL_BACKEND = "core.mail.SmtpBackend"
    with Mailbox().running() as mailbox:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        yield mailbox


@pytest.fixture(autouse=True)
def events_are_as_described() -> Iterator[None]:
    """Each event that a test has recorded matches its schema in AsyncAPI."""
    with event_schemas.watching():
        yield
    found, event_schemas.complaints[:] = event_schemas.complaints[:], []
    assert not found, "\n".join(found)


@pytest.fixture(scope="session")
def migrated(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> str:
    """The name of the migrated database of which others are made: tests/template.py."""
    with django_db_blocker.unblock():
        return template.migrated()


@pytest.fixture(scope="session")
def migrated_sqlite() -> Path:
    """A migrated database of SQLite, to be copied."""
    return template.migrated_sqlite()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_use_migrations: bool,
    django_db_keepdb: bool,
    request: pytest.FixtureRequest,
) -> None:
    """What pytest-django calls before it creates the test database. One that is kept is migrated each time."""
    if django_db_use_migrations and not django_db_keepdb:
        template.copy_from(request.getfixturevalue("migrated"))


@pytest.fixture(scope="session")
def session_stack(migrated: str) -> Iterator[Stack]:
    """Use `stack`, which has everything up again after a test that killed something."""
    stack = Stack(Path(os.environ[services.FOLDER]) / f"stack-{services.worker_number()}")
    try:
        stack.create(template=migrated)
        yield stack
        for (data,) in stack.query("SELECT data FROM realtime_streamevent WHERE data ? 'at'"):
            event_schemas.check(data)
        assert not event_schemas.complaints, "\n".join(event_schemas.complaints)
    finally:
        stack.destroy()


@pytest.fixture
def stack(session_stack: Stack) -> Stack:
    """A running web server, relay and worker on a database of their own: see tests/stack.py."""
    session_stack.ensure_running()
    return session_stack


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of nginx; without it the tests of the gateway are skipped, and the run's end says why."""
    path = shutil.which("nginx")
    if path is None:
        pytest.skip("nginx is not installed: apt install nginx, or run .ci/run")
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
