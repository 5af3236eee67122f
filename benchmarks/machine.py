"""The machine: which core works for whom, and what processes take of it. Cores are told apart on Linux only."""

import os
import platform
import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LINUX = sys.platform == "linux"
# The first process of a run tells the others, which are pinned to some of the cores.
_CORES = [
    int(core)
    for core in os.environ.setdefault(
        "SIMMER_BENCH_CORES",
        ",".join(map(str, sorted(os.sched_getaffinity(0)) if _LINUX else range(os.cpu_count() or 1))),
    ).split(",")
]
# The server under test has a core of its own; clients, PostgreSQL, Redis and the relay have the others.
SERVER_CORES = set(_CORES[:1])
OTHER_CORES = set(_CORES[1:]) or SERVER_CORES
SEPARATE = _LINUX and len(_CORES) > 1
# From this share of the server's core on, other work on the machine has spoiled a run.
STRANGERS = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Processes started inside stay on `cores`."""
    if not SEPARATE:
        yield
        return
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, set(_CORES))


def raise_file_limit() -> None:
    """A thousand sockets need more than the usual 1,024 descriptors, here and in the processes started from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if hard == resource.RLIM_INFINITY else min(20_000, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def cpu_seconds(pid: int) -> float:
    """User and system time that all threads of a process and its children have taken (a resolution of 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / _TICKS + sum(cpu_seconds(int(child)) for child in children)


def resident_kb(pid: int) -> int:
    """The memory of a process that is its own, in kB."""
    found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


class Usage:
    """What was done since `start`, as shares: of one core by the server, of the other cores, and by `strangers`.

    Strangers are processes that have nothing to do with us but run on the server's core: they make a run worthless.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.server = self.others = self.strangers = 0.0

    def start(self) -> None:
        self._before = self._read()

    def stop(self) -> None:
        began, server, servers_core, others = self._before
        now, server_now, servers_core_now, others_now = self._read()
        elapsed = now - began
        self.server = (server_now - server) / elapsed
        self.others = (others_now - others) / elapsed / len(OTHER_CORES)
        self.strangers = max(0.0, (servers_core_now - servers_core) / elapsed - self.server) if SEPARATE else 0.0

    def _read(self) -> tuple[float, float, float, float]:
        return time.monotonic(), cpu_seconds(self.pid), _busy_seconds(SERVER_CORES), _busy_seconds(OTHER_CORES)


def _busy_seconds(cores: set[int]) -> float:
    """Busy time of `cores` since boot."""
    busy = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if re.fullmatch(r"cpu\d+", name) and int(name[3:]) in cores:
            user, nice, system, _idle, _iowait, irq, softirq, *_ = map(int, ticks)
            busy += user + nice + system + irq + softirq
    return busy / _TICKS


def describe() -> str:
    """The kind of machine in a few words."""
    model = platform.machine()
    if _LINUX and (found := re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)):
        model = f"{found[1]}, {model}"
    return f"{len(_CORES)} cores ({model}), {platform.system()}, Python {platform.python_version()}"
