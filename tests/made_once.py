"""Rows that all tests of a module begin with, made once instead of for each of them.

They are written in a transaction that stays open for the module. The fixture `db` gives each test a savepoint in it, so
what a test changes is rolled back to these rows. For tests that commit (`transaction=True`) it is not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests import event_schemas
from tests.isolation import isolation

T = TypeVar("T")


@contextmanager
def made_once(make: Callable[[], T], blocker: DjangoDbBlocker, folder: Path) -> Iterator[T]:
    """What MAKE returns, made with the settings of a test whose files are in FOLDER."""
    with blocker.unblock(), transaction.atomic():
        with override_settings(**isolation(folder)), event_schemas.watching():
            made = make()
        with blocker.block():
            yield made
        transaction.set_rollback(True)
