"""gateway/nginx.conf, run by a real nginx in front of web servers of the tests."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from core.processes import bound, free_port, stop
from tests.services import ROOT
from tests.stack import wait_until


def config_for(folder: Path, address: str, webs: Sequence[str]) -> str:
    """What Compose runs, but for addresses, folders and the longest wait for a header. Its /files is FOLDER/files."""
    config = (ROOT / "gateway/nginx.conf").read_text()
    servers = "\n".join(f"server {web.removeprefix('http://')} max_fails=1 fail_timeout=2s;" for web in webs)
    for ours, theirs in {
        # Debian's nginx is older than `resolve`.
        "server web:8000 resolve max_fails=1 fail_timeout=2s;": servers,
        "listen 5000;": f"listen {address};",
        "client_header_timeout 10s;": "client_header_timeout 2s;",
        "/tmp/": f"{folder}/",
        "/dev/stdout line": f"{folder}/access.log line",
        "/files": f"{folder}/files",
    }.items():
        assert ours in config, ours
        config = config.replace(ours, theirs)
    # Fewer are enough, and a machine of tests may not allow more.
    return re.sub(r"worker_(connections|rlimit_nofile) \d+;", r"worker_\1 1000;", config)


def command_for(nginx: str, config: Path) -> list[str]:
    # The account that nginx falls to, started by root, may not enter the folders of tests.
    user = " user root;" if os.geteuid() == 0 else ""
    return [nginx, "-e", "stderr", "-c", str(config), "-g", f"daemon off;{user}"]


class Gateway:
    """An nginx. `files` is its /files."""

    def __init__(self, nginx: str, folder: Path, webs: Sequence[str]) -> None:
        self.files = folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self._access_log = folder / "access.log"
        path = folder / "nginx.conf"
        path.write_text(config_for(folder, self.address, webs).replace("buffer=32k flush=1s", ""))
        self.process = subprocess.Popen(bound(command_for(nginx, path)), start_new_session=True)

    @property
    def access_log(self) -> str:
        return self._access_log.read_text()

    def answers(self) -> bool:
        assert self.process.poll() is None, "nginx has ended"
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running_gateway(nginx: str, folder: Path, *webs: str) -> Iterator[Gateway]:
    """A gateway in front of the servers at these URLs, once it passes on what one of them says."""
    gateway = Gateway(nginx, folder, webs)
    try:
        wait_until(gateway.answers, what="nginx")
        yield gateway
    finally:
        stop(gateway.process)
