"""Folders on this host's disk in which jobs work on media, and what killed workers left of them."""

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

PREFIX = "simmer-media-"
# Older than any job (transcoding.TIME_LIMIT): its worker was killed.
ABANDONED_SECONDS = 3500


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder that is gone afterwards, as are those of workers that were killed here."""
    sweep_work_folders()
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def sweep_work_folders() -> None:
    """Deletes what killed workers left on this host. It may lie in the way of nothing but the disk."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(folder)
                log.info("orphan_deleted folder=%s", folder.name)
        except OSError as error:  # another worker's, or another one was faster
            log.info("work_folder_kept folder=%s error=%r", folder.name, error)
