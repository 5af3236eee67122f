"""Not of the suite: a run that tests/operations/test_services.py ends by a signal while its processes run."""

import signal
from pathlib import Path

from tests.stack import START_SECONDS, Stack, wait_until


def test_wait(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        # A relay would end at once, as nothing is migrated here.
        for name in ("web", "worker"):
            stack.start(name)
        wait_until(lambda: " ready." in stack.log("worker"), seconds=START_SECONDS, what="the worker")
        wait_until(lambda: stack.log("web"), seconds=START_SECONDS, what="the web server")
        print("everything runs", flush=True)
        signal.pause()
    finally:
        stack.destroy()
