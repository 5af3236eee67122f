"""The relay's lock: one relay numbers, another one waits beside it and takes over when the first ends, however it ends.

The lock is bound to what writes: on PostgreSQL it belongs to the session of the very connection, on SQLite to a file
beside the database. A connection that breaks loses the lock, and the relay ends with the error that it then gets.
"""

import fcntl
import os
from typing import Protocol

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number will do, as long as nobody else in this database uses it.
ADVISORY_KEY = 0x51BB1E4

# A network that swallows packets is noticed within 4 s on both sides: by us, and by the server, which then frees the
# lock for the standby. (Ignored on Unix sockets.) A process that is frozen (by SIGSTOP, or with its virtual machine)
# has a kernel that goes on answering for it: the server ends its session because a working relay is never silent for
# so long. One that thaws finds its session gone, and ends.
CLIENT_KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 4000,
}
SERVER_LIMITS = (
    "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2;"
    " SET tcp_user_timeout = 4000; SET idle_session_timeout = 3000; SET idle_in_transaction_session_timeout = 3000"
)


class Lock(Protocol):
    def acquire(self) -> bool:
        """Takes the lock unless somebody else has it; returns at once."""

    def release(self) -> None: ...


def prepare_connections(alias: str = "default") -> None:
    """Gives the connections that this process opens from now on the relay's keepalives."""
    if connections[alias].vendor == "postgresql":
        connections[alias].close()
        connections.settings[alias]["OPTIONS"].update(CLIENT_KEEPALIVES)


def lock_for(connection: BaseDatabaseWrapper) -> Lock:
    return AdvisoryLock(connection) if connection.vendor == "postgresql" else FileLock(connection)


class AdvisoryLock:
    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        with connection.cursor() as cursor:
            cursor.execute(SERVER_LIMITS)

    def acquire(self) -> bool:
        # Asked again and again: a statement that waits for a lock holds a snapshot, which stops every vacuum.
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_KEY])
            return bool(cursor.fetchone()[0])

    def release(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_KEY])


class FileLock:
    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        path = f"{connection.settings_dict['NAME']}.relay-lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
