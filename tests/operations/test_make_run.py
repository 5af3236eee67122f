"""What `make run` runs: everything under one supervisor, on SQLite and a server of its own."""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from core.processes import bound, free_port, stop
from tests.numbers import numbers_in
from tests.services import ROOT
from tests.stack import wait_until

SERVICES = {"web": "core.server", "relay": "relay", "worker": "worker", "beat": "beat", "valkey": "valkey-server"}


class Run:
    """A supervisor in a folder of its own."""

    def __init__(self, folder: Path, *, port: int, command: list[str] | None = None, **environment: str) -> None:
        self.log = folder.with_suffix(".log")
        self.url = f"http://127.0.0.1:{port}"
        env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MAKELEVEL"}}
        env |= {"DEV_DIR": str(folder), "PORT": str(port), **environment}
        command = command or [sys.executable, "-m", "core.supervisor"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(bound(command), cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def ready(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def child(self, name: str) -> psutil.Process | None:
        """The service of that name (a worker's own children have the same command line, so only ours are looked at)."""
        for process in psutil.Process(self.process.pid).children():
            try:
                if any(part.endswith(SERVICES[name]) for part in process.cmdline()):
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def everyone(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def ended(process: psutil.Process) -> bool:
    """Whether it has exited, be it that init has not yet taken note: a worker may end before its pool is reaped."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts supervisors; whatever is left of them at the end is killed."""
    started: list[Run] = []

    def start(*, port: int | None = None, **more: Any) -> Run:
        started.append(Run(tmp_path / "dev", port=port or free_port(), **more))
        return started[-1]

    yield start
    for each in started:
        stop(each.process)
        print(each.output())  # shown when the test fails


@pytest.fixture
def migrated_folder(tmp_path: Path, migrated_sqlite: Path) -> None:
    """The folder of `run` has its database already, so that a start takes seconds less."""
    (tmp_path / "dev").mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, tmp_path / "dev" / "simmer.sqlite3")


def test_everything_starts_a_killed_child_comes_back_and_ctrl_c_stops_it_all(run: Callable[..., Run]) -> None:
    simmer = run()
    wait_until(simmer.ready, seconds=120, what="readiness")
    wait_until(lambda: f"Simmer is at {simmer.url.replace('127.0.0.1', 'localhost')}" in simmer.output())
    found = {name: wait_until(lambda name=name: simmer.child(name), what=name) for name in SERVICES}
    assert (simmer.log.with_suffix("") / "simmer.sqlite3").exists()
    numbers = numbers_in(httpx.get(f"{simmer.url}/metrics", timeout=20).text)
    assert numbers["simmer_shared_up"] == 1 and numbers["simmer_events_numbered_total"] > 0

    found["relay"].kill()

    def back() -> bool:
        relay = simmer.child("relay")
        return relay is not None and relay.pid != found["relay"].pid

    wait_until(back, what="another relay")
    assert "relay was killed by SIGKILL; starting it again in" in simmer.output()

    everyone = simmer.everyone()
    simmer.process.send_signal(signal.SIGINT)
    assert simmer.process.wait(60) == 0
    assert simmer.output().rstrip().endswith("Stopped.")
    assert [process for process in everyone if not ended(process)] == []


def test_a_folder_has_one_supervisor_and_a_killed_one_leaves_no_process(
    migrated_folder: None, run: Callable[..., Run]
) -> None:
    simmer = run()
    wait_until(simmer.ready, seconds=120, what="readiness")

    second = run()
    assert second.process.wait(60) == 1
    assert "Simmer runs already on" in second.output()

    wait_until(lambda: all(simmer.child(name) for name in SERVICES), what="every service")
    everyone = simmer.everyone()
    simmer.process.kill()
    simmer.process.wait()
    _, alive = psutil.wait_procs(everyone, timeout=60)
    assert alive == []


def test_a_first_start_that_is_interrupted_is_made_good_by_the_next(run: Callable[..., Run]) -> None:
    simmer = run()
    folder = simmer.log.with_suffix("")
    photos = folder / "private"
    wait_until(lambda: len([file for file in photos.rglob("*") if file.is_file()]) > 2, seconds=120, what="photos")
    simmer.process.send_signal(signal.SIGINT)
    assert simmer.process.wait(60) == 0
    assert "Sign in as demo_customer" not in simmer.output()

    again = run()
    wait_until(lambda: "Sign in as demo_customer" in again.output(), seconds=120, what="the demo data")
    with contextlib.closing(sqlite3.connect(folder / "simmer.sqlite3")) as database:
        [(recipes,)] = database.execute("SELECT count(*) FROM recipes_recipe").fetchall()
        [(ratings,)] = database.execute("SELECT count(*) FROM recipes_rating").fetchall()
    assert recipes == 40 and ratings > 80


def test_a_port_in_use_is_named_with_what_to_do(run: Callable[..., Run]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        simmer = run(port=port)
        assert simmer.process.wait(60) == 1
    assert f"Port {port} is in use. Choose another: make run PORT=8001" in simmer.output()


def test_when_make_is_killed_everything_ends(migrated_folder: None, run: Callable[..., Run]) -> None:
    """A shell stands for make, which says so by MAKELEVEL."""
    simmer = run(command=["sh", "-c", f"{sys.executable} -m core.supervisor; true"], MAKELEVEL="1")
    wait_until(lambda: "database is up to date" in simmer.output(), seconds=60, what="a supervisor at work")
    everyone = simmer.everyone()
    assert len(everyone) > 1
    simmer.process.kill()
    simmer.process.wait()
    _, alive = psutil.wait_procs(everyone, timeout=60)
    assert alive == []
