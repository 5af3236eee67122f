"""A Redis of one test's own, to be stopped, frozen and started again."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from core.processes import bound, free_port
from tests import services


class OwnRedis:
    """Not running at first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._server: services.Server | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.client = redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Empty: nothing survives a `kill`."""
        found = services._redis_program()
        assert found is not None
        config = f'bind 127.0.0.1\nport {self._port}\nsave ""\nappendonly no\n'
        command = bound([found[0], "-"])
        self._server = services.Server("own-redis", command, self._folder, signum=signal.SIGKILL, stdin=config.encode())
        self._server.wait(self.url)

    def kill(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        assert self._server is not None
        self._server.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        self._server.process.send_signal(signal.SIGCONT)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    yield server
    server.client.close()
    server.kill()
