"""`manage.py relay` as processes on the test's own database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.db import connection

from core.processes import bound, stop
from tests import services
from tests.stack import ORPHANED, wait_until

SECONDS = 60


class RelayProcess:
    """One relay. Use it in `with`: it is killed at the end should it still run."""

    def __init__(self, folder: Path, *, name: str = "relay", **env: str) -> None:
        self.log_path = folder / f"{name}.log"
        self.env = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "DEV_DIR": str(folder),
            "CANARY_SECONDS": "off",
            **env,
        }
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                bound([sys.executable, "manage.py", "relay"], signum=ORPHANED),
                cwd=services.ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> "RelayProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Returns when the relay has logged TEXT that often."""

        def logged() -> bool:
            seen = self.log.count(text) >= times
            assert seen or self.process.poll() is None, f"the relay ended:\n{self.log}"
            return seen

        wait_until(logged, seconds=SECONDS, what=f"{text!r} in the relay's log")

    def kill(self) -> None:
        """kill -9."""
        stop(self.process, grace=0, signum=signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


def database_url() -> str:
    """Where other processes find the database that this test runs on."""
    config = connection.settings_dict
    return f"postgresql://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT']}/{config['NAME']}"
