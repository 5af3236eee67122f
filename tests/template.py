"""One database is migrated in a run; all others are copies of it, which PostgreSQL makes from its files.

The first process that needs the template makes it, while the other workers of pytest-xdist wait. No connection to it
stays open, as PostgreSQL copies only databases that nobody uses.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.creation import DatabaseCreation

from tests import services


def migrated() -> str:
    """The name of the template, which exists now. Call it before this process's test database exists."""
    name = services.template_name()
    _once("template", lambda: _migrate(name))
    return name


def migrated_sqlite() -> Path:
    """The same as a file of SQLite, for the tests that run on it."""
    path = Path(os.environ[services.FOLDER]) / "template.sqlite3"
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{path}"}
    _once("sqlite", lambda: subprocess.run(command, cwd=services.ROOT, env=env, check=True))
    return path


def copy_from(name: str) -> None:
    """This process's test database will be a copy of NAME."""
    connection.settings_dict["TEST"]["TEMPLATE"] = name
    connection.creation = _Copied(connection)


def _once(what: str, make: Callable[[], object]) -> None:
    """Call MAKE unless another process of this run has done so; the others wait for its end."""
    folder = Path(os.environ[services.FOLDER])
    with (folder / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := folder / f"{what}.done").exists():
            make()
            done.touch()


def _migrate(name: str) -> None:
    config = connection.settings_dict
    ours = config["NAME"], config["TEST"]["NAME"]
    config["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    config["NAME"], config["TEST"]["NAME"] = ours


class _Copied(DatabaseCreation):
    """Leaves out Django's `migrate`, which would read all migrations to find that none is due."""

    def create_test_db(
        self, verbosity: int = 1, autoclobber: bool = False, serialize: bool = True, keepdb: bool = False
    ) -> str:
        self._create_test_db(verbosity, autoclobber, keepdb)
        self.connection.close()
        name: str = self._get_test_db_name()
        settings.DATABASES[self.connection.alias]["NAME"] = self.connection.settings_dict["NAME"] = name
        return name
