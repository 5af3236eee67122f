"""The servers that tests/services.py brings are real, private and this worker's own."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
import redis
from django.db import connection

from tests import services


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


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda signum: signum.name)
def test_a_run_that_a_signal_ends_leaves_no_process(signum: signal.Signals) -> None:
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SIMMER_TEST_", "TEST_", "PYTEST_", "COVERAGE_"))
    }
    other = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s", "-n", "0", "tests/operations/waiting_run.py"],
        cwd=services.ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert other.stdout is not None
    with other.stdout:
        printed = []
        try:
            for line in other.stdout:
                printed.append(line)
                if "everything runs" in line:
                    break
            children = psutil.Process(other.pid).children(recursive=True)
            names = []
            for child in children:
                with suppress(psutil.NoSuchProcess):  # it has ended since
                    names.append(" ".join(child.cmdline()))
            for program in ("postgres", "redis|valkey", "core.server", "celery"):
                assert any(re.search(program, name) for name in names), (program, names, printed)
            other.send_signal(signum)
            _, alive = psutil.wait_procs(children, timeout=60)
            assert alive == []
        finally:
            other.kill()
            other.wait()
