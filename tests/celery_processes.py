"""Workers and beats as processes on the test's own database, with the Redis that they are given."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.processes import bound, stop
from tests import services
from tests.realtime.relay_process import database_url
from tests.stack import ORPHANED

Process = subprocess.Popen[bytes]


@contextmanager
def worker(
    folder: Path, redis_url: str, name: str = "worker", *, queues: str, include: str = "", **env: str
) -> Iterator[Process]:
    """A worker with one process in its pool; killed at the end should it still run. Its log is `{name}.log`."""
    command = ["worker", "-Q", queues, "-c", "1", "-l", "info", *(["-I", include] if include else [])]
    command += ["--without-heartbeat", "--without-gossip", "--without-mingle"]
    with _celery(folder, redis_url, name, command, env) as process:
        yield process


@contextmanager
def beat(folder: Path, redis_url: str, name: str = "beat", **env: str) -> Iterator[Process]:
    """A beat; killed at the end should it still run."""
    with _celery(folder, redis_url, name, ["beat", "--pidfile=", "-l", "info"], env) as process:
        yield process


@contextmanager
def _celery(folder: Path, redis_url: str, name: str, command: list[str], env: dict[str, str]) -> Iterator[Process]:
    with (folder / f"{name}.log").open("ab") as log:
        process = Process(
            bound([sys.executable, "-m", "celery", "-A", "core", *command], signum=ORPHANED),
            cwd=services.ROOT,
            env={**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": redis_url, "JOB_LEASE_SECONDS": "3", **env},
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        stop(process, grace=0, signum=signal.SIGKILL)
