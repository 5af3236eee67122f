"""What a run talks to: private PostgreSQL and Redis, the server under test, its peers, the relay."""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg2

from benchmarks.machine import OTHER_CORES, SERVER_CORES, pinned
from core.processes import bound, free_port, stop
from tests import services
from tests.operations.gateway import command_for, config_for

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
RELAY_SECONDS = 120
SOCKETIO = Path(__file__).parent / "peers" / "socketio"
DAPHNE = [str(Path(sys.executable).with_name("daphne")), "--verbosity", "0", "-b", "127.0.0.1"]
# PostgreSQL as it comes, but for the clock of commits, which says when an event could have been known.
POSTGRESQL = {"shared_buffers": "128MB", "autovacuum_naptime": "1min", "track_commit_timestamp": "on"}
UNLIMITED = ["SOCKETS_PER_USER", "SOCKETS_PER_ADDRESS", "CHANNELS_PER_SOCKET"]
THROTTLES = [
    *("THROTTLE_ANON", "THROTTLE_USER", "THROTTLE_AUTH", "THROTTLE_REGISTER", "THROTTLE_UPLOAD", "THROTTLE_IMPORT"),
    *("THROTTLE_REFRESH", "THROTTLE_REFRESH_ADDRESS"),
]


class Process:
    """One server process, bound to our life."""

    def __init__(self, name: str, command: Sequence[str], *, env: dict[str, str], cores: set[int], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output, pinned(cores):
            self._process = subprocess.Popen(
                bound(list(command)), cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    def stop(self) -> None:
        stop(self._process, grace=5)

    def require_running(self) -> None:
        if self._process.poll() is not None:
            raise SystemExit(f"{self.name} ended:\n{self.log.read_text(errors='replace')[-3000:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class WebServer(Process):
    """A process that listens at `port` and has answered there."""

    def __init__(self, name: str, command: Sequence[str], *, port: int, env: dict[str, str], log: Path) -> None:
        super().__init__(name, command, env=env, cores=SERVER_CORES, log=log)
        self.port = port
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            self.require_running()
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} did not answer:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return True
        return False


@dataclass
class Services:
    """PostgreSQL and Redis of this run, with a database each for Simmer and for the stock peer."""

    folder: Path
    names: list[str]
    postgresql: str
    redis: str
    base: dict[str, str] = field(default_factory=dict)

    def database(self, name: str) -> str:
        return self.postgresql.rpartition("/")[0] + f"/{name}"

    def execute(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """Runs statements, each on its own; the rows of the last."""
        with contextlib.closing(psycopg2.connect(self.database(database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def simmer_env(self, **more: str) -> dict[str, str]:
        """Simmer as in production; limits are off unless said otherwise."""
        return {
            **self.base,
            **dict.fromkeys([*UNLIMITED, *THROTTLES], "off"),
            "DJANGO_SETTINGS_MODULE": "core.settings",
            "SECRET_KEY": "a-key-for-benchmarks-alone-that-is-long-enough-for-the-checks",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": self.database("simmer"),
            "REDIS_URL": self.redis,
            "ACCESS_TOKEN_SECONDS": "86400",
            "LOG_LEVEL": "WARNING",
            "DEV_DIR": str(self.folder / "simmer"),
            **more,
        }

    def peer_env(self, peer: str) -> dict[str, str]:
        return {
            **self.base,
            "DJANGO_SETTINGS_MODULE": f"benchmarks.peers.{peer}.settings",
            "DATABASE_URL": self.database("stock"),
            "REDIS_URL": self.redis,
        }

    def run(self, *arguments: str, env: dict[str, str], cores: set[int] | None = None, text: str = "") -> str:
        """Runs a Python program to its end; what it printed."""
        with pinned(cores) if cores else contextlib.nullcontext():
            process = subprocess.Popen(
                bound([sys.executable, *arguments]), cwd=ROOT, env=env, text=True, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        try:
            output, _ = process.communicate(text)
        finally:
            if process.poll() is None:
                process.kill()
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed with {process.returncode}")
        return output

    # --- Servers -------------------------------------------------------------------------------------

    def simmer(self, name: str = "simmer", **more: str) -> WebServer:
        port = free_port()
        return self._web(
            name, [sys.executable, "-m", "core.server", "--port", str(port)], port, self.simmer_env(**more)
        )

    def stock(self, **more: str) -> WebServer:
        return self._daphne("stock", "benchmarks.peers.stock.asgi:application", {**self.peer_env("stock"), **more})

    def tutorial(self) -> WebServer:
        return self._daphne("tutorial", "benchmarks.peers.tutorial.asgi:application", self.peer_env("tutorial"))

    def socketio(self) -> WebServer:
        """Only where `without_socketio()` is None."""
        port = free_port()
        env = {**self.base, "NODE_ENV": "production", "PORT": str(port), "REDIS_URL": self.redis}
        return self._web("socketio", [shutil.which("node") or "node", str(SOCKETIO / "server.mjs")], port, env)

    def gateway(self, web: WebServer) -> WebServer:
        """Only where `without_nginx()` is "". The shipped configuration, in front of WEB."""
        port, folder = free_port(), self.folder / "gateway"
        (folder / "files").mkdir(parents=True)
        config = folder / "nginx.conf"
        config.write_text(config_for(folder, f"127.0.0.1:{port}", [f"127.0.0.1:{web.port}"]))
        return self._web("gateway", command_for(shutil.which("nginx") or "nginx", config), port, self.base)

    def hello(self) -> WebServer:
        return self._daphne("hello", "benchmarks.peers.hello:application", self.base)

    def discard(self) -> WebServer:
        return self._daphne("discard", "benchmarks.peers.discard:application", self.base)

    def relay(self) -> Process:
        log = self.folder / "relay.log"
        return Process(
            "relay", [sys.executable, "manage.py", "relay"], env=self.simmer_env(), cores=OTHER_CORES, log=log
        )

    def wait_for_relay(self) -> None:
        """Until it has numbered all events."""
        deadline = time.monotonic() + RELAY_SECONDS
        while self.execute("simmer", "SELECT EXISTS (SELECT FROM realtime_streamevent WHERE position IS NULL)")[0][0]:
            if time.monotonic() > deadline:
                raise SystemExit(f"the relay has not numbered the waiting events within {RELAY_SECONDS} s")
            time.sleep(0.1)

    def _daphne(self, name: str, application: str, env: dict[str, str]) -> WebServer:
        port = free_port()
        return self._web(name, [*DAPHNE, "--port", str(port), application], port, env)

    def _web(self, name: str, command: list[str], port: int, env: dict[str, str]) -> WebServer:
        return WebServer(name, command, port=port, env=env, log=self.folder / f"{name}.log")


def without_nginx() -> str:
    """Why the gateway can't run here; "" when it can."""
    return "" if shutil.which("nginx") else "no nginx on PATH"


def without_socketio() -> str | None:
    """Why the peer socket.io can't run here; None when it can."""
    if shutil.which("node") is None:
        return "no node on PATH"
    if not (SOCKETIO / "node_modules").is_dir():
        return f"npm ci --prefix {SOCKETIO.relative_to(ROOT)} has not been run"
    return None


@contextlib.contextmanager
def running_services() -> Iterator[Services]:
    """PostgreSQL and Redis, found as the tests find theirs, on the clients' core; stopped and forgotten at the end."""
    services.forget_the_callers_settings()
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="simmer-bench-", ignore_cleanup_errors=True))
        )
        folder.chmod(0o711)
        with pinned(OTHER_CORES):
            postgresql, postgresql_url, postgresql_name = services.start_postgresql(folder, durable=True, **POSTGRESQL)
            stack.callback(postgresql.stop)
            redis, redis_url, redis_name = services.start_redis(folder)
            stack.callback(redis.stop)
        base = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        yield Services(folder, [postgresql_name, redis_name], postgresql_url, redis_url, base)
