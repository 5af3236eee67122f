"""Programs that read what strangers sent run confined: with limits, without our environment, without a network (where
the kernel has seccomp filters), and never longer than we.

Nothing here knows Django or media.
"""

import atexit
import contextlib
import json
import os
import resource
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.processes import bound, bound_server, signal_group

ROOT = Path(__file__).resolve().parent.parent
# All that it is told of our environment: no secrets, no proxies.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
# How much of what it said last is kept.
LAST_WORDS = 20_000


@dataclass(frozen=True)
class Limits:
    """`seconds` of the clock; bytes of address space, and of each file written; seconds of CPU time.

    Without `cpu_seconds`, as many as all cores have in `seconds`: should the clock be stopped.
    """

    seconds: float
    memory: int
    file_size: int
    cpu_seconds: int | None = None

    def by_kind(self) -> dict[int, int]:
        """For setrlimit."""
        cpu_seconds = self.cpu_seconds or int(self.seconds * (os.cpu_count() or 1)) + 1
        return {
            resource.RLIMIT_CPU: cpu_seconds,
            resource.RLIMIT_AS: self.memory,
            resource.RLIMIT_FSIZE: self.file_size,
            resource.RLIMIT_CORE: 0,
        }


@dataclass(frozen=True)
class Finished:
    """How it ended. `code` is negative when a signal ended it; `said` is the end of its standard error.

    `timed_out`: it took all the time that it had, by the clock or of the CPU.
    """

    code: int
    said: str
    timed_out: bool


def run(
    command: list[str], *, limits: Limits, errors: Path, cwd: Path = ROOT, on_line: Callable[[str], None] | None = None
) -> Finished:
    """Runs `command` and waits; `on_line` gets each line of its output as it comes, and what it raises ends the run.

    Standard error goes to the file `errors`. However this ends, nothing of the process group is left.
    """
    confined = bound(command, signum=signal.SIGKILL, limits=limits.by_kind(), network=False)
    timed_out = threading.Event()
    with errors.open("wb") as stderr:
        process = _start(confined, cwd, stdin=subprocess.DEVNULL, stderr=stderr)

    def end_it() -> None:
        timed_out.set()
        signal_group(process.pid, signal.SIGKILL)

    clock = threading.Timer(limits.seconds, end_it)
    clock.start()
    try:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                if on_line is not None:
                    on_line(line.decode(errors="replace").rstrip("\n"))
        code = process.wait()
    finally:
        clock.cancel()
        signal_group(process.pid, signal.SIGKILL)
        process.wait()
    return Finished(code, _last_words(errors), timed_out.is_set() or code == -signal.SIGXCPU)


class Server:
    """A confined process that has imported `module` and forks for each call of its `main`.

    For what is short and comes often: Python and Pillow take 60 ms of CPU to start, a fork 2. Each fork decodes one
    file and ends, and the process that it comes from never sees a stranger's bytes. One call at a time.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        # Of whom, with which limits.
        self._started_for: tuple[int, Limits] | None = None
        self._lock = threading.Lock()
        atexit.register(self.end)

    def call(self, *arguments: str, limits: Limits, errors: Path) -> Finished:
        """Calls `main(*arguments)` and waits. Its standard error goes to the file `errors`."""
        with self._lock:
            process = self._running(limits)
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps([str(errors), *arguments]).encode() + b"\n")
                answer = _line(process, limits.seconds)
            except BaseException as error:
                self.end()
                if not isinstance(error, TimeoutError):
                    raise
                return Finished(-signal.SIGKILL, _last_words(errors), True)
            if not answer:  # somebody ended it
                self.end()
            code = int(answer or -signal.SIGKILL)
            return Finished(code, _last_words(errors), code == -signal.SIGXCPU)

    def end(self) -> None:
        """Ends the process and the fork that is at work. The next call starts another."""
        process, self._process = self._process, None
        if process is None or self._started_for is None or self._started_for[0] != os.getpid():
            return
        signal_group(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()

    def _running(self, limits: Limits) -> "subprocess.Popen[bytes]":
        """Of this process, not of the one that it was forked from."""
        if self._process is None or self._started_for != (os.getpid(), limits) or self._process.poll() is not None:
            self.end()
            command = bound_server(self._module, signum=signal.SIGKILL, limits=limits.by_kind(), network=False)
            self._process = _start(command, ROOT, stdin=subprocess.PIPE, stderr=None)
            self._started_for = os.getpid(), limits
        return self._process


def _start(command: list[str], cwd: Path, *, stdin: int, stderr: Any) -> "subprocess.Popen[bytes]":
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Each arena of glibc takes 64 MB of addresses, and there would be eight a core.
    environment["MALLOC_ARENA_MAX"] = "4"
    return subprocess.Popen(  # noqa: S603  a list of arguments, no shell
        command,
        bufsize=0 if stdin == subprocess.PIPE else -1,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        cwd=cwd,
        env=environment,
        start_new_session=True,
    )


def _line(process: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """The next line of its output; empty when it has ended. TimeoutError."""
    assert process.stdout is not None
    deadline = time.monotonic() + seconds
    line = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not waiting.select(deadline - time.monotonic()):
                raise TimeoutError
            read = os.read(process.stdout.fileno(), 100)
            if not read:
                return b""
            line += read
    return line


def _last_words(errors: Path) -> str:
    if not errors.exists():
        return ""
    with errors.open("rb") as file:
        file.seek(max(0, errors.stat().st_size - LAST_WORDS))
        return file.read().decode(errors="replace")
