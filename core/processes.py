"""Child processes that end when we do, however we end: the supervisor's, the tests', the benchmarks'."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

# Runs in the child, replaces itself by the command. A `preexec_fn` would do it in our own forked memory, which
# deadlocks once we have threads; this costs 20 ms instead. The parent may have died before prctl (1 is
# PR_SET_PDEATHSIG) was called, hence the look at the parent's id.
_SHIM = """
import ctypes, os, resource, signal, sys
signum, parent = int(sys.argv[1]), int(sys.argv[2])
for pair in filter(None, sys.argv[3].split(",")):
    kind, most = map(int, pair.split("="))
    resource.setrlimit(kind, (most, most))
# Python ignores these, and who is started by it would too.
for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(ignored, signal.SIG_DFL)
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, signum)
    if os.getppid() != parent:
        sys.exit("The process that started this one is gone.")
try:
    os.execvp(sys.argv[4], sys.argv[4:])
except OSError as error:
    sys.exit(f"{sys.argv[4]}: {error.strerror}")
"""


def bound(
    command: list[str], *, signum: signal.Signals = signal.SIGTERM, limits: Mapping[int, int] | None = None
) -> list[str]:
    """COMMAND so wrapped that the kernel sends it SIGNUM when the thread that started it ends.

    `limits`: what it may take at most, by kind (`resource.RLIMIT_AS` and so on).

    Start it from the main thread, with `start_new_session=True`: a Ctrl-C in the terminal then reaches only us, and
    we stop our children in order. Only Linux has this signal; elsewhere the command runs unbound.
    """
    pairs = ",".join(f"{kind}={most}" for kind, most in (limits or {}).items())
    return [sys.executable, "-I", "-S", "-c", _SHIM, str(int(signum)), str(os.getpid()), pairs, *command]


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
