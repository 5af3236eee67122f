"""Programs that read what strangers sent run confined: with limits, without our environment, and never longer than we.

Nothing here knows Django or media.
"""

import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.processes import bound, signal_group

ROOT = Path(__file__).resolve().parent.parent
# All that it is told of our environment: no secrets, no proxies.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
# How much of what it said last is kept.
LAST_WORDS = 20_000


@dataclass(frozen=True)
class Limits:
    """`seconds` of the clock; bytes of address space, and of each file written."""

    seconds: float
    memory: int
    file_size: int


@dataclass(frozen=True)
class Finished:
    """How it ended. `code` is negative when a signal ended it; `said` is the end of its standard error."""

    code: int
    said: str
    timed_out: bool


def run(
    command: list[str], *, limits: Limits, errors: Path, cwd: Path = ROOT, on_line: Callable[[str], None] | None = None
) -> Finished:
    """Runs COMMAND and waits; `on_line` gets each line of its output as it comes, and what it raises ends the run.

    Standard error goes to the file `errors`. However this ends, nothing of the process group is left.
    """
    confined = bound(
        command,
        signum=signal.SIGKILL,
        limits={
            # Should the clock be stopped: all cores, all the time.
            resource.RLIMIT_CPU: int(limits.seconds * (os.cpu_count() or 1)) + 1,
            resource.RLIMIT_AS: limits.memory,
            resource.RLIMIT_FSIZE: limits.file_size,
            resource.RLIMIT_CORE: 0,
        },
    )
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Each arena of glibc takes 64 MB of addresses, and there would be eight a core.
    environment["MALLOC_ARENA_MAX"] = "4"
    timed_out = threading.Event()
    with errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603  a list of arguments, no shell
            confined,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )

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
    with errors.open("rb") as file:
        file.seek(max(0, errors.stat().st_size - LAST_WORDS))
        said = file.read().decode(errors="replace")
    return Finished(code, said, timed_out.is_set())
