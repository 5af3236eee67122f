"""Simmer as it is deployed: two web servers, a relay and its standby, on a Redis that may be taken away."""

import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings

from core.processes import bound
from tests import services
from tests.stack import Stack, wait_until

WEBS = ("web-1", "web-2")
RELAYS = ("relay-1", "relay-2")


class Deployment(Stack):
    """Processes by name, each of which may be killed and started again. There is no worker: jobs wait."""

    def __init__(self, folder: Path, *, database_server: str, redis_url: str, **env: str) -> None:
        super().__init__(folder)
        self.database = f"simmer_faults_{services.worker_number()}"
        self.database_url = urlunsplit(urlsplit(database_server)._replace(path=f"/{self.database}"))
        self.hosts = {name: ("127.0.0.1", _lasting_port()) for name in WEBS}
        self.env |= {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": redis_url,
            "BUS_PREFIX": "faults",
            # A key of a request that died with its server is free again so soon: writers need not wait a minute.
            "IDEMPOTENCY_LEASE_SECONDS": "2",
            # Limits ask Redis on every request, and refuse none.
            **dict.fromkeys((f"THROTTLE_{name.upper()}" for name in settings.THROTTLES), "10000000/min"),
            "COMMANDS_PER_SECOND": "off",
            "COMMANDS_BURST": "off",
            **env,
        }

    def url_of(self, web: str) -> str:
        host, port = self.hosts[web]
        return f"http://{host}:{port}"

    def start(self, name: str) -> None:
        assert not self.alive(name), f"{name} runs already"
        env = dict(self.env)
        if name in WEBS:
            host, port = self.hosts[name]
            env |= {"LISTEN_ADDRESS": host, "PORT": str(port)}
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                bound([*self.command_prefix(name), *self.command(name)]), cwd=services.ROOT, env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def command(self, name: str) -> list[str]:
        return [sys.executable, *(["-m", "core.server"] if name in WEBS else ["manage.py", "relay"])]

    def command_prefix(self, name: str) -> list[str]:
        """What the program of that name is started by."""
        return []

    def ensure_running(self) -> None:
        """Starts what is missing and waits until all is ready; an AssertionError for what ended by itself."""
        for name in (*WEBS, *RELAYS):
            if name not in self.processes:
                self.start(name)
        self.wait_ready()

    def _ready(self) -> bool:
        for name in self.processes:
            assert self.alive(name), f"{name} ended with exit code {self.processes[name].poll()}:\n{self.log(name)}"
        try:
            return self.working_relay() is not None and all(
                httpx.get(f"{self.url_of(web)}/readyz", timeout=5).status_code == 200
                for web in WEBS
                if web in self.processes
            )
        except httpx.TransportError:
            return False

    def destroy(self) -> None:
        for name in tuple(self.processes):
            self.kill(name)
        self._drop_database()

    def working_relay(self) -> str | None:
        """The name of the relay that has the lock; None while nobody has."""
        for name in RELAYS:
            if self.alive(name) and f"relay.started pid={self.processes[name].pid} " in self._log(name).read_text():
                return name
        return None

    # --- What is stored ------------------------------------------------------------------------------

    def stored(self, channel: str) -> list[tuple[int, dict[str, Any]]]:
        """(offset, data) of each event on CHANNEL, in the order of the offsets."""
        return [
            (offset, data)
            for offset, data in self.query(
                'SELECT "offset", data FROM realtime_streamevent WHERE channel = %s ORDER BY "offset"', channel
            )
        ]

    def heads(self, *channels: str) -> dict[str, int]:
        """The last offset of each, once a relay has numbered everything that was written before this call."""
        wait_until(
            lambda: self.query("SELECT count(*) FROM realtime_streamevent WHERE position IS NULL") == [(0,)],
            what="the relay to number all",
        )
        rows = self.query(
            'SELECT channel, max("offset") FROM realtime_streamevent WHERE channel = ANY(%s) GROUP BY channel',
            list(channels),
        )
        return dict.fromkeys(channels, 0) | {channel: int(offset) for channel, offset in rows}


def _lasting_port() -> int:
    """A port that nobody takes while its server is down: outside of those given to outgoing connections.

    Among those, a client that tries a dead server's port again and again may even end up connected to itself.
    """
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
