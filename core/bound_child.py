"""The program that `core.processes` starts each bound child with: it takes the limits, then becomes the command.

    python -I -S core/bound_child.py SIGNUM PARENT LIMITS NETWORK exec COMMAND...
    python -I -S core/bound_child.py SIGNUM PARENT LIMITS NETWORK serve PATHS MODULE

A `preexec_fn` would do this in our own forked memory, which deadlocks once we have threads. Each child pays for what is
imported here, so it is little.
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
WRITTEN = os.O_WRONLY | os.O_CREAT | os.O_APPEND
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2
# By machine: what the kernel calls it (AUDIT_ARCH_*), and its number of socket(2). io_uring, whose number is the same
# on all, opens sockets too.
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
IO_URING_SETUP = 425
# Above are the calls of another ABI of x86_64 (x32).
OTHER_ABI = 0x40000000
LOAD, IF_EQUAL, IF_NOT_LESS, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # with EPERM


def take_limits(pairs: str) -> None:
    """`pairs`: `kind=most,kind=most`. The soft limit of CPU time comes a second before the hard one, which kills."""
    for pair in filter(None, pairs.split(",")):
        kind, most = map(int, pair.split("="))
        resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))


def end_with(parent: int, signum: int) -> None:
    """Have the kernel (of Linux) send `signum` when the parent ends, which may have been before it was asked to."""
    if LIBC is None:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        sys.exit("The process that started this one is gone.")


def refuse_sockets() -> None:
    """From here on neither this process nor what it starts opens a socket, where the kernel has seccomp filters."""
    machine, socket = MACHINES.get(os.uname().machine, (0, 0))
    if LIBC is None or not machine:
        return
    # (instruction, steps on if so, steps on if not, value): the kernel's offsets 4 and 0 are machine and call.
    rules = [
        (LOAD, 0, 0, 4), (IF_EQUAL, 0, 5, machine),
        (LOAD, 0, 0, 0), (IF_EQUAL, 3, 0, socket), (IF_EQUAL, 2, 0, IO_URING_SETUP), (IF_NOT_LESS, 1, 0, OTHER_ABI),
        (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE),
    ]  # fmt: skip
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *rule) for rule in rules))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(rules), ctypes.addressof(code)))
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)


def serve(main: Callable[..., None], signum: int, limits: str) -> None:
    """Forks for each line of standard input, [file for errors, arguments...] as JSON, and calls `main` there.

    The answer to each is how that process ended: its exit code, negative when a signal ended it. Each has the limits
    for itself, and nothing that it started is left.
    """
    import json

    server = os.getpid()
    for line in sys.stdin:
        errors, *arguments = json.loads(line)
        pid = os.fork()
        if pid:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201  the answer
            continue
        code = 1
        try:
            os.setpgid(0, 0)
            end_with(server, signum)
            take_limits(limits)
            for descriptor, path, flags in ((0, os.devnull, 0), (1, os.devnull, os.O_WRONLY), (2, errors, WRITTEN)):
                os.dup2(os.open(path, flags, 0o600), descriptor)
            main(*arguments)
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)


def main(signum: str, parent: str, limits: str, network: str, how: str, *command: str) -> None:
    # Python ignores these, and who is started by it would too.
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    end_with(int(parent), int(signum))
    if not int(network):
        refuse_sockets()
    if how == "serve":
        paths, module = command
        sys.path[:0] = paths.split(os.pathsep)
        serve(__import__(module, fromlist=["main"]).main, int(signum), limits)
        return
    take_limits(limits)
    try:
        os.execvp(command[0], command)  # noqa: S606  that is what it is for
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
