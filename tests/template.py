"""One database is migrated in a run; all others are copies of it, which PostgreSQL makes in a tenth of a second.

The first process that needs the template makes it, while the other workers of pytest-xdist wait. No connection to it
stays open, as PostgreSQL copies only databases that nobody uses.
"""

import fcntl
import os
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.creation import DatabaseCreation

from tests import services


def migrated() -> str:
    """The name of the template, which exists now. Call it before this process's test database exists."""
    name, folder = services.template_name(), Path(os.environ[services.FOLDER])
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := folder / "template.done").exists():
            _migrate(name)
            done.touch()
    return name


def copy_from(name: str) -> None:
    """This process's test database will be a copy of NAME."""
    connection.settings_dict["TEST"]["TEMPLATE"] = name
    connection.creation = _Copied(connection)


def _migrate(name: str) -> None:
    config = connection.settings_dict
    ours = config["NAME"], config["TEST"]["NAME"]
    config["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    config["NAME"], config["TEST"]["NAME"] = ours


class _Copied(DatabaseCreation):
    """Leaves out Django's `migrate`, which takes a second to find that there is nothing to do."""

    def create_test_db(
        self, verbosity: int = 1, autoclobber: bool = False, serialize: bool = True, keepdb: bool = False
    ) -> str:
        self._create_test_db(verbosity, autoclobber, keepdb)
        self.connection.close()
        name: str = self._get_test_db_name()
        settings.DATABASES[self.connection.alias]["NAME"] = self.connection.settings_dict["NAME"] = name
        return name
