"""Empties the database after a test that has committed.

Django's `flush` truncates every table, then makes all content types and permissions anew: 128 queries and a third of a
second. A test writes to a dozen tables, and deleting its few rows takes a tenth of that. What is left is the same: the
rows of `KEPT`, and a new epoch, as `post_migrate` leaves them. Sequences go on in both cases.
"""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from realtime.positions import current_epoch

# `flush` deletes these rows and makes equal ones.
KEPT = {ContentType._meta.db_table, Permission._meta.db_table}

_flush = TransactionTestCase._fixture_teardown


def install() -> None:
    """Every transactional test ends this way from now on."""
    TransactionTestCase._fixture_teardown = _empty_all


def _empty_all(case: TransactionTestCase) -> None:
    names = case._databases_names(include_mirrors=False)
    plain = case.available_apps is None and not case.serialized_rollback
    if plain and all(connections[name].vendor == "postgresql" for name in names):
        for name in names:
            empty(connections[name])
    else:
        _flush(case)


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete all rows but those of `KEPT`, in one transaction, and begin another epoch."""
    quoted = {table: connection.ops.quote_name(table) for table in connection.introspection.django_table_names()}
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # As TRUNCATE does, this waits for the end of every transaction that has written.
        cursor.execute(f"LOCK TABLE {', '.join(quoted.values())} IN SHARE ROW EXCLUSIVE MODE")
        emptied = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM {name})" for table, name in quoted.items()]
        cursor.execute(" UNION ALL ".join(emptied))
        full = {table for (table,) in cursor.fetchall()} - KEPT
        # Foreign keys are deferred to the commit, so any order will do.
        for table in sorted(full):
            cursor.execute(f"DELETE FROM {quoted[table]}")
    current_epoch(using=connection.alias)
