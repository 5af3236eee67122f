"""What the workers do with media: render pictures, and sweep what crashes left behind."""

import contextlib
import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice

from django.conf import settings
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from core import errors
from core.periodic import periodic
from media_pipeline import finalizing as finalizing  # registers its job, as do those that are imported like it
from media_pipeline import owners as owners
from media_pipeline import pictures, sealing, storage
from media_pipeline import transcoding as transcoding
from media_pipeline import withdrawal as withdrawal
from media_pipeline.events import MediaReady
from media_pipeline.models import Media, UploadSession
from media_pipeline.outcomes import ORIGINAL_MISSING, PROCESSING_FAILED, fail
from media_pipeline.processing import PROCESS, PROCESS_IMAGE
from media_pipeline.removal import media_delete
from media_pipeline.renditions import store_renditions
from media_pipeline.shapes import media_shape
from media_pipeline.unusable import Unusable
from media_pipeline.usage import unshown
from media_pipeline.work_folders import sweep_work_folders, work_folder
from realtime.jobs import MAX_ATTEMPTS, RunningJob, job
from realtime.models import Job
from realtime.outbox import record

log = logging.getLogger(__name__)

# Older than any transaction or task that may still be at work on the file.
SWEPT_AFTER = timedelta(hours=1)
# Of media, whose rows are asked for together.
BATCH = 200


@job(PROCESS_IMAGE, queue="images", time_limit=300)
def process_image(run: RunningJob, *, media_id: str) -> None:
    """Renditions and placeholder of one picture; `media.ready` or `media.failed` in the transaction of its status.

    Killed anywhere and run again, it starts over in a new folder, and the run that commits deletes the others.
    """
    media = Media.objects.filter(id=media_id).first()
    if media is None or media.status == Media.Status.READY:
        run.done()
        return
    Media.objects.filter(id=media_id, status=Media.Status.PENDING).update(status=Media.Status.PROCESSING)
    try:
        with work_folder() as work:
            try:
                original = storage.copy_original(media.original, work)
            except FileNotFoundError:
                fail(media, ORIGINAL_MISSING, run)
                return
            rendered = pictures.render(original, work)
            stored = store_renditions(storage.new_run_folder(media.id), rendered)
    except Unusable as reason:
        log.info("picture_unusable id=%s code=%s detail=%s", media.id, reason.code, reason.detail)
        fail(media, reason.code, run)
    except Exception:
        if run.attempt >= MAX_ATTEMPTS:
            fail(media, PROCESSING_FAILED)
        raise
    else:
        folder = _finish(media, rendered, stored, run)
        storage.delete_runs(media.id, keep=folder)


@transaction.atomic
def _finish(
    media: Media, rendered: pictures.Rendered, stored: dict[str, dict[str, str | int]], run: RunningJob
) -> str | None:
    """Makes the media ready; the name of the folder that it uses, None if it was deleted meanwhile."""
    run.done()
    locked = Media.objects.select_for_update().filter(id=media.id).first()
    if locked is None:
        return None
    large = rendered.renditions["large"]
    locked.status, locked.error = Media.Status.READY, ""
    locked.width, locked.height = large.width, large.height
    locked.placeholder, locked.renditions = rendered.placeholder, stored
    locked.save(update_fields=["status", "error", "width", "height", "placeholder", "renditions", "updated_at"])
    record(MediaReady(actor=None, owner_id=locked.owner_id, **media_shape(locked)))
    return _run_of(locked)


def _run_of(media: Media) -> str | None:
    """The name of the folder with the renditions in use."""
    return storage.run_folder(media.renditions).rpartition("/")[2] or None


@periodic("media_pipeline.sweep_files", time_limit=900)
def sweep_files() -> None:
    """Hourly: deletes files that no row knows, and gives up media whose job has died without a word."""
    before = timezone.now() - SWEPT_AFTER
    # What needs no storage first: the rest ends at its first error.
    _fail_stuck(before)
    sweep_work_folders()
    _sweep_originals(before)
    _sweep_renditions(before, storage.public_storage(), storage.RENDITIONS)
    _sweep_renditions(before, storage.private_storage(), storage.WITHDRAWN_RENDITIONS)
    storage.abort_unfinished(before)


@periodic("media_pipeline.expire_unused_media")
def expire_unused_media() -> None:
    """Daily: deletes media that nothing has come to show since they were uploaded."""
    before = timezone.now() - timedelta(seconds=settings.MEDIA_UNUSED_SECONDS)
    for media in unshown(since=before).iterator():
        with contextlib.suppress(errors.Conflict):  # shown at this moment
            media_delete(media=media)
            log.info("media_expired id=%s", media.id)


def _sweep_originals(before: datetime) -> None:
    private = storage.private_storage()
    for top in (storage.ORIGINALS, storage.WITHDRAWN_ORIGINALS):
        for batch in _batches(_by_media(private, top)):
            known = set(Media.objects.filter(id__in=batch).values_list("id", flat=True))
            for media_id, files in batch.items():
                for key, changed in files:
                    if media_id not in known and changed < before and key.count("/") == 2:
                        storage.delete_quietly(private, key)
                        log.info("orphan_deleted key=%s", key)


def _sweep_renditions(before: datetime, files_in: Storage, top: str) -> None:
    """Deletes runs that no media uses, wherever they lie: while media are moved, their run lies in two places."""
    for batch in _batches(_by_media(files_in, top)):
        known = Media.objects.in_bulk(list(batch))
        for media_id, files in batch.items():
            folder = f"{top}/{media_id.hex[:2]}/{media_id}"
            used = _run_of(known[media_id]) if media_id in known else None
            newest: dict[str, datetime] = {}
            for key, changed in files:
                *folders, _ = key.split("/")
                if len(folders) == 4:
                    newest[folders[3]] = max(changed, newest.get(folders[3], changed))
            for run, changed in newest.items():
                if changed < before and run != used:
                    storage.delete_folder(files_in, f"{folder}/{run}")
                    log.info("orphan_deleted key=%s/%s", folder, run)
            if media_id not in known:
                storage.delete_if_empty(files_in, folder)


Files = list[tuple[str, datetime]]


def _by_media(files_in: Storage, top: str) -> Iterator[tuple[uuid.UUID, Files]]:
    """The files of each media under `top` (`top/ab/id...`); what has another name than a UUID is none of ours."""
    files = storage.walk(files_in, top)
    for name, group in groupby(files, lambda file: file[0].split("/")[2:3]):
        with contextlib.suppress(ValueError):
            yield uuid.UUID("".join(name)), list(group)


def _batches(items: Iterator[tuple[uuid.UUID, Files]]) -> Iterator[dict[uuid.UUID, Files]]:
    while batch := dict(islice(items, BATCH)):
        yield batch


def _fail_stuck(before: datetime) -> None:
    """Media whose worker was killed each time: their job is dead and nobody told the owner."""
    unfinished = Media.objects.filter(status__in=[Media.Status.PENDING, Media.Status.PROCESSING], created_at__lt=before)
    waiting = Job.objects.exclude(state=Job.State.DEAD)
    # In this order: a job of the first kind that ends in between has recorded one of the second.
    uploads = list(waiting.filter(task=sealing.FINALIZE).values_list("args__upload_id", flat=True))
    at_work = set(waiting.filter(task__in=PROCESS.values()).values_list("args__media_id", flat=True))
    at_work |= {str(pk) for pk in UploadSession.objects.filter(pk__in=uploads).values_list("media", flat=True)}
    for media in unfinished.iterator():
        if str(media.id) not in at_work:
            fail(media, PROCESSING_FAILED)
