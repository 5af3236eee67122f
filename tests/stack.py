"""The real thing for tests: the web server, the relay and a worker as processes, on a database of their own.

A test gets it as the fixture `stack`, with everything running. What it writes stays for the session, so a test makes
its own people and recipes and looks only at those. It may kill and start processes; the next test finds all of them up.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg2
from django.conf import settings

from core.processes import bound, free_port, stop
from tests import services

START_SECONDS = 60
# What its processes get when the run is gone. A worker that is asked to end waits for its Redis, which is gone as well.
ORPHANED = signal.SIGKILL
COMMANDS = {
    "web": ["-m", "core.server"],
    "relay": ["manage.py", "relay"],
    "worker": [
        *["-m", "celery", "-A", "core", "worker", "-Q", "default,follows,images,media,mail", "-c", "2", "-l", "info"],
        *["--without-heartbeat", "--without-gossip", "--without-mingle"],
    ],
}


def wait_until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "the condition") -> Any:
    """The first truthy value of CONDITION, asked again and again; an AssertionError after SECONDS."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds:g} s"
        time.sleep(0.02)
    return value


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


class Stack:
    """Web, relay and worker, each with its log in `folder`."""

    def __init__(self, folder: Path) -> None:
        number = services.worker_number()
        self.folder = folder
        self.database = f"simmer_stack_{number}"
        self.database_url = _named(os.environ["DATABASE_URL"], self.database)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws/"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        # Where relay and worker tell their numbers.
        self.metrics_ports: dict[str, int] = {}
        limits = [f"THROTTLE_{name.upper()}" for name in settings.THROTTLES]
        limits += [
            "SOCKETS_PER_USER",
            "SOCKETS_PER_ADDRESS",
            "CHANNELS_PER_SOCKET",
            "CANARY_SECONDS",
            "UPLOAD_UNCONFIRMED_BYTES",
        ]
        self.env = {
            **os.environ,
            **dict.fromkeys(limits, "off"),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": services.redis_url(database=2 * number + 1),
            "BUS_PREFIX": f"stack-{number}",
            "PORT": str(port),
            "DEV_DIR": str(folder),
            "MEDIA_ROOT": str(folder / "media"),
            "PRIVATE_MEDIA_ROOT": str(folder / "private"),
            # Where mails go: a file for each connection to what would be the mail server.
            "EMAIL_URL": f"filemail:///{folder}/mail",
            "PYTHONUNBUFFERED": "1",
        }

    def create(self, *, template: str | None = None) -> None:
        """A copy of the database `template` (tests/template.py); without one, on a server of its own, it is migrated.

        Then everything is started and ready.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._drop_database()
        with self._server() as cursor:
            cursor.execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{template or "template1"}"')
        if template is None:
            self.manage("migrate", "--verbosity=0")
        self.ensure_running()

    def destroy(self) -> None:
        """The worker last, as it takes longest and gets what the others leave."""
        for name in ("web", "relay", "worker"):
            if name in self.processes:
                stop(self.processes[name])
        self._drop_database()

    def start(self, name: str) -> None:
        """Start `web`, `relay` or `worker`. It may not be ready when this returns: see `wait_ready`."""
        assert not self.alive(name), f"{name} runs already"
        port = self.metrics_ports[name] = free_port()
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                bound([sys.executable, *COMMANDS[name]], signum=ORPHANED),
                cwd=services.ROOT,
                env={**self.env, "METRICS_PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """kill -9, with whatever it has started. Returns when it is gone."""
        stop(self.processes.pop(name), grace=0, signum=signal.SIGKILL)

    def alive(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def ensure_running(self) -> None:
        """Start what a test has killed and wait until all is ready; an AssertionError for what ended by itself."""
        ended = [name for name in self.processes if not self.alive(name)]
        crashes = [
            f"{name} ended with exit code {self.processes.pop(name).poll()}:\n{self.log(name)}" for name in ended
        ]
        for name in COMMANDS:
            if name not in self.processes:
                self.start(name)
        self.wait_ready()
        assert not crashes, "\n".join(crashes)

    def wait_ready(self) -> None:
        """Return when /readyz says 200; an AssertionError with the logs when a process ends or it never does."""
        wait_until(self._ready, seconds=START_SECONDS, what="readiness of the stack")

    def _ready(self) -> bool:
        for name in self.processes:
            assert self.alive(name), f"{name} ended with exit code {self.processes[name].poll()}:\n{self.log(name)}"
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def manage(self, *arguments: str) -> str:
        """Run a management command on this database. Returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=services.ROOT, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}"
        return done.stdout

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that one statement returns on this database."""
        with self._connected(self.database_url) as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    def log(self, name: str, *, lines: int = 60) -> str:
        """The end of what a process has printed."""
        if not self._log(name).exists():
            return ""
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-lines:])

    def report(self) -> Iterator[tuple[str, str]]:
        """For the report of a failed test: a title and the log of each process."""
        for name, process in self.processes.items():
            code = process.poll()
            yield f"stack: {name} ({'running' if code is None else f'ended: {code}'})", self.log(name)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _drop_database(self) -> None:
        with self._server() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    @contextmanager
    def _server(self) -> Iterator[Any]:
        with self._connected(_named(self.database_url, "postgres")) as cursor:
            yield cursor

    @contextmanager
    def _connected(self, url: str) -> Iterator[Any]:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()
