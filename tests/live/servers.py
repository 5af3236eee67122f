"""A second web server of the same stack, as behind a balancer."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from core.processes import bound, free_port, stop
from tests import services
from tests.stack import ORPHANED, START_SECONDS, Stack, wait_until


class Server:
    """One more `python -m core.server` on the stack's database and Redis, with what ENV sets otherwise.

    It has a port, running or not.
    """

    def __init__(self, stack: Stack, **env: str) -> None:
        self._stack = stack
        self._env = env
        self._port = free_port()
        self._log = stack.folder / f"web-{self._port}.log"
        self.url = f"http://127.0.0.1:{self._port}"
        self.ws_url = f"ws://127.0.0.1:{self._port}/ws/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it is ready."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                bound([sys.executable, "-m", "core.server"], signum=ORPHANED),
                cwd=services.ROOT,
                env={**self._stack.env, "PORT": str(self._port), **self._env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._ready, seconds=START_SECONDS, what="readiness of the second server")

    @property
    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def stop(self) -> int:
        """SIGTERM, as a deploy does. Returns the exit code."""
        assert self.process is not None
        process, self.process = self.process, None
        return stop(process)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.stop()

    def _ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def second_server(stack: Stack, **env: str) -> Iterator[Server]:
    server = Server(stack, **env)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.stop()
