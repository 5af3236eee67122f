"""Leases: as long as a process lives it says so, and what it was at is soon another's once it is gone.

Celery's broker gives the message of a killed worker to another one only after the visibility timeout, which has to be
longer than any task. A lease is short instead, and a thread beside the work renews it.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

log = logging.getLogger(__name__)


def lease_end() -> datetime:
    """Until when a claim that is made or renewed now holds."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


class Lease:
    """`with Lease(name, renew):` around the work. Work shorter than a third of a lease costs no query.

    `renew(end)` moves the lease's end in the database (one UPDATE) and says whether it still was ours; it runs in
    another thread. `name` is for the log.
    """

    def __init__(self, name: str, renew: Callable[[datetime], object]) -> None:
        self._name, self._renew = name, renew
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    @property
    def is_kept(self) -> bool:
        """Whether somebody renews it: not after the work's end, nor once it is somebody else's."""
        return self._thread.is_alive()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        """Until the work has ended or is not ours any more. A database that is away may be back in time."""
        try:
            while not self._ended.wait(settings.JOB_LEASE_SECONDS / 3):
                try:
                    if not self._renew(lease_end()):
                        return
                except DatabaseError as error:
                    log.warning("lease.not_renewed of=%s error=%s", self._name, type(error).__name__)
                    connections.close_all()
        finally:
            connections.close_all()
