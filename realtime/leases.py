"""A running job's lease: as long as its process lives it says so, and a job whose process is gone is soon another's.

Celery's broker gives the message of a killed worker to another one only after the visibility timeout, which has to be
longer than any job. The lease is short instead, and a thread beside the job renews it.
"""

import logging
import threading
import uuid
from datetime import datetime, timedelta
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from realtime.models import Job

logger = logging.getLogger(__name__)


def lease_end() -> datetime:
    """Until when a claim that is made or renewed now holds."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


class Lease:
    """`with Lease(job_id, attempt=n):` around the job. A job shorter than a third of a lease costs no query."""

    def __init__(self, job_id: uuid.UUID, *, attempt: int) -> None:
        self._job_id, self._attempt = job_id, attempt
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def is_kept(self) -> bool:
        """Whether somebody renews it: not after the job's end, nor once the job is somebody else's."""
        return self._thread.is_alive()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _renew(self) -> None:
        """Until the job has ended or is not ours any more. A database that is away may be back in time."""
        ours = Job.objects.filter(id=self._job_id, attempts=self._attempt, state=Job.State.RUNNING)
        try:
            while not self._ended.wait(settings.JOB_LEASE_SECONDS / 3):
                try:
                    if not ours.update(enqueue_at=lease_end()):
                        return
                except DatabaseError as error:
                    logger.warning("job.lease id=%s error=%s", self._job_id, type(error).__name__)
                    connections.close_all()
        finally:
            connections.close_all()
