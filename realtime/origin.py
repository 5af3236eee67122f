"""The origin of a database: identifies the server, the timeline and the table on which an epoch began.

A promoted standby may lack the last commits of its primary, and a restored database lacks everything after the backup.
The relay then gives offsets that clients have received to other events. If the origin changed, a new epoch tells the
clients. A crash does not change the origin: numbers that the relay has committed survive it (realtime/numbering.py).
"""

from django.db import InternalError, NotSupportedError, ProgrammingError, connection, transaction

_PARTS = (
    # The server. A dump restored on another server changes it; so does pg_upgrade.
    "SELECT system_identifier FROM pg_control_system()",
    # The timeline. Promotion of a standby and point-in-time recovery start a new one. The name of the current WAL file
    # contains it at once; pg_control_checkpoint() returns the old one until the next checkpoint.
    "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)",
    # The table. A dump restored on the same server creates it again.
    "SELECT 'realtime_epoch'::regclass::oid",
)
# Hosted servers may refuse a function to ordinary roles; that part then never differs.
_UNKNOWN = "-"


def read_origin() -> str:
    """Return `server/timeline/table`; empty on SQLite, whose file has no such identity. Three queries.

    Raises the database's errors; on a standby that is not promoted, OperationalError.
    """
    if connection.vendor != "postgresql":
        return ""
    return "/".join(_ask(question) for question in _PARTS)


def _ask(question: str) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(question)
            return str(cursor.fetchone()[0])
    except (InternalError, NotSupportedError, ProgrammingError):
        return _UNKNOWN
