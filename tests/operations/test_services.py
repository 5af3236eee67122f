"""The servers that tests/services.py brings are real, private and this worker's own."""

import os
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
import redis
from django.db import connection

from tests import services
from tests.stack import wait_until


@pytest.mark.django_db
def test_the_database_is_a_real_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        (version,) = cursor.fetchone()
    assert version.startswith("PostgreSQL ")
    assert connection.settings_dict["NAME"].startswith("test_")


def test_redis_is_real_and_asks_for_its_password() -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.info("server")["redis_version"]
        port = client.connection_pool.connection_kwargs["port"]
    if "TEST_REDIS_URL" not in os.environ:
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_a_killed_run_leaves_no_server() -> None:
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SIMMER_TEST_", "TEST_", "PYTEST_", "COVERAGE_"))
    }
    other = subprocess.Popen(
        [sys.executable, "-m", "pytest", "tests/operations/test_make_run.py"],
        cwd=services.ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def servers() -> list[psutil.Process]:
        """Both of them, once both run."""
        children = psutil.Process(other.pid).children(recursive=True)
        names = set()
        for child in children:
            with suppress(psutil.NoSuchProcess):  # it has ended since
                names.add(child.name())
        both = "postgres" in names and names & {"redis-server", "valkey-server"}
        return children if both else []

    try:
        started = wait_until(servers, what="a PostgreSQL and a Redis")
    finally:
        other.kill()
        other.wait()
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []
