"""What the workers do for exports: make the file, and sweep what has had its time."""

import contextlib
import logging
import tempfile
import uuid
from datetime import datetime, timedelta
from itertools import groupby

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from media_pipeline import storage
from posts.events import ExportFailed, ExportReady
from posts.exports import archive
from posts.exports.files import EXPORTS, delete_files, delete_others, folder_of, new_key
from posts.exports.requests import MAKE_EXPORT, is_being_made
from posts.models import DataExport
from posts.models.exports import KEPT_FOR
from realtime.jobs import MAX_ATTEMPTS, RunningJob, job
from realtime.outbox import record

log = logging.getLogger(__name__)

PENDING, READY, FAILED = DataExport.Status.PENDING, DataExport.Status.READY, DataExport.Status.FAILED
# Older than any job that may still be at work on the file.
SWEPT_AFTER = timedelta(hours=1)


@job(MAKE_EXPORT, queue="follows", time_limit=1700)
def make_export(run: RunningJob, *, export_id: str) -> None:
    """The ZIP of one person's data, and `export.ready` or `export.failed` in the transaction of its status.

    Written to this host's disk first. Killed anywhere and run again it writes another file, and the run that commits
    deletes those of the others.
    """
    export = DataExport.objects.select_related("user").filter(pk=export_id, status=PENDING).first()
    if export is None or not export.user.is_active:
        DataExport.objects.filter(pk=export_id, status=PENDING).delete()
        run.done()
        return
    try:
        key = _make(export, run)
    except Exception:
        if run.attempt >= MAX_ATTEMPTS:
            _fail(export)
        raise
    if key is not None:
        delete_others(storage.private_storage(), keep=key)


def _make(export: DataExport, run: RunningJob) -> str | None:
    """The key of its file; None when nobody wants it any more."""
    private, key = storage.private_storage(), new_key(export.pk)
    # Without a name: whatever kills us, nothing of it is left.
    with tempfile.TemporaryFile() as file:
        rows = archive.write(export.user, file, made_at=timezone.now())
        size = file.seek(0, 2)
        file.seek(0)
        try:
            private.save(key, File(file))
        except BaseException:
            storage.delete_quietly(private, key)
            raise
    log.info("export_written id=%s rows=%d bytes=%d", export.pk, rows, size)
    return key if _finish(export, run, key=key, size=size) else None


@transaction.atomic
def _finish(export: DataExport, run: RunningJob, *, key: str, size: int) -> bool:
    """Whether the file is the export's; it is deleted when not."""
    private = storage.private_storage()
    transaction.on_commit(storage.UndoneUnlessCommitted(storage.delete_quietly, private, key))
    run.done()
    now = timezone.now()
    pending = DataExport.objects.filter(pk=export.pk, status=PENDING)
    if not pending.update(status=READY, file=key, size=size, ready_at=now, expires_at=now + KEPT_FOR):
        transaction.on_commit(lambda: storage.delete_quietly(private, key))
        return False
    record(ExportReady(actor=None, user_id=export.user_id, size=size, expires_at=(now + KEPT_FOR).isoformat()))
    return True


@transaction.atomic
def _fail(export: DataExport) -> None:
    pending = DataExport.objects.filter(pk=export.pk, status=PENDING)
    if pending.update(status=FAILED, expires_at=timezone.now() + KEPT_FOR):
        record(ExportFailed(actor=None, user_id=export.user_id))


def sweep() -> None:
    """Deletes exports whose time is over and files that no row knows, and gives up those whose job has died."""
    now = timezone.now()
    for export_id in list(DataExport.objects.filter(expires_at__lte=now).values_list("pk", flat=True)):
        with transaction.atomic():
            if DataExport.objects.filter(pk=export_id, expires_at__lte=now).delete()[0]:
                delete_files(export_id)
                log.info("export_expired id=%s", export_id)
    before = now - SWEPT_AFTER
    for export in DataExport.objects.filter(status=PENDING, requested_at__lt=before):
        if not is_being_made(export):
            _fail(export)
    _sweep_files(before)


def _sweep_files(before: datetime) -> None:
    private = storage.private_storage()
    for name, files in groupby(storage.walk(private, EXPORTS), lambda file: file[0].split("/")[1]):
        found = list(files)
        with contextlib.suppress(ValueError):  # what has another name than a UUID is none of ours
            _sweep_folder(uuid.UUID(name), found, before)
    if isinstance(private, storage.ObjectStorage):
        private.abort_unfinished(EXPORTS, before)


def _sweep_folder(export_id: uuid.UUID, files: list[tuple[str, datetime]], before: datetime) -> None:
    private, export = storage.private_storage(), DataExport.objects.filter(pk=export_id).first()
    if export is not None and export.status == PENDING:
        return  # the run that commits does it
    for key, changed in files:
        if changed < before and not key.endswith("/") and (export is None or key != export.file):
            storage.delete_quietly(private, key)
            log.info("orphan_deleted key=%s", key)
    storage.delete_if_empty(private, folder_of(export_id))
