"""Start child processes that the kernel ends when this process ends: for the supervisor, tests and benchmarks."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_CHILD = Path(__file__).with_name("bound_child.py")


def bound(
    command: list[str],
    *,
    signum: signal.Signals = signal.SIGTERM,
    limits: Mapping[int, int] | None = None,
    network: bool = True,
) -> list[str]:
    """`command` so wrapped that the kernel sends it `signum` when the thread that started it ends.

    `limits`: what it may take at most, by kind (`resource.RLIMIT_AS` and so on). Without `network` it can open no
    socket, where the kernel has seccomp filters.

    Start it from the main thread, with `start_new_session=True`: a Ctrl-C in the terminal then reaches only us, and
    we stop our children in order. Only Linux has this signal; elsewhere the command runs unbound. Costs 20 ms.
    """
    return [*_prefix(signum, limits, network), "exec", *command]


def bound_server(module: str, *, signum: signal.Signals, limits: Mapping[int, int], network: bool = True) -> list[str]:
    """The command of a child, bound like that of `bound`, that imports `module` and calls its `main` on demand.

    It forks for each call (core/bound_child.py: `serve`), and finds modules where this process does.
    """
    paths = os.pathsep.join(filter(os.path.isdir, sys.path))
    return [*_prefix(signum, limits, network), "serve", paths, module]


def _prefix(signum: signal.Signals, limits: Mapping[int, int] | None, network: bool) -> list[str]:
    pairs = ",".join(f"{kind}={most}" for kind, most in (limits or {}).items())
    return [sys.executable, "-I", "-S", str(_CHILD), str(int(signum)), str(os.getpid()), pairs, str(int(network))]


def ask_for_death_signal(signum: signal.Signals) -> None:
    """Have the kernel send us SIGNUM when our parent ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signum))


def signal_group(leader: int, signum: signal.Signals) -> None:
    """Send SIGNUM to the session that LEADER leads, if any of it still lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
        os.killpg(leader, signum)


def stop(process: subprocess.Popen[bytes], *, grace: float = 10, signum: signal.Signals = signal.SIGTERM) -> int:
    """Ask PROCESS to end, wait for GRACE seconds, then kill its session. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
