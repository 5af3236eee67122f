"""What the workers do with media: render pictures, and sweep what crashes left behind."""

import contextlib
import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from core.periodic import periodic
from media_pipeline import finalizing, imaging, sealing, storage, transcoding
from media_pipeline.events import MediaReady
from media_pipeline.models import Media, UploadSession
from media_pipeline.outcomes import ORIGINAL_MISSING, PROCESSING_FAILED, fail
from media_pipeline.renditions import store_renditions
from media_pipeline.shapes import media_shape
from realtime.jobs import MAX_ATTEMPTS, RunningJob, job
from realtime.models import Job
from realtime.outbox import record

log = logging.getLogger(__name__)

PROCESS_IMAGE = "media_pipeline.process_image"
# Older than any transaction or task that may still be at work on the file.
SWEPT_AFTER = timedelta(hours=1)


@job(PROCESS_IMAGE, queue="media", time_limit=300)
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
        with storage.private_storage().open(media.original) as file:
            original = file.read()
    except FileNotFoundError:
        fail(media, ORIGINAL_MISSING, run)
        return
    try:
        rendered = imaging.render(original)
        stored = store_renditions(storage.new_run_folder(media.id), rendered)
    except imaging.Unusable as reason:
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
    media: Media, rendered: imaging.Rendered, stored: dict[str, dict[str, str | int]], run: RunningJob
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
    large = media.renditions.get("large")
    return str(large["jpeg"]).rsplit("/", 2)[-2] if large else None


@periodic("media_pipeline.sweep_files", time_limit=900)
def sweep_files() -> None:
    """Hourly: deletes files that no row knows, and gives up media whose job has died without a word."""
    before = timezone.now() - SWEPT_AFTER
    _sweep_originals(before)
    _sweep_renditions(before)
    transcoding.sweep_work_folders()
    _fail_stuck(before)


def _sweep_originals(before: datetime) -> None:
    private = storage.private_storage()
    for folder, names in _by_id(private, storage.ORIGINALS, files=True):
        known = set(Media.objects.filter(id__in=names).values_list("id", flat=True))
        for media_id, name in names.items():
            key = f"{folder}/{name}"
            with contextlib.suppress(FileNotFoundError):  # deleted by its owner at this moment
                if media_id not in known and private.get_modified_time(key) < before:
                    storage.delete_quietly(private, key)
                    log.info("orphan_deleted key=%s", key)


def _sweep_renditions(before: datetime) -> None:
    public = storage.public_storage()
    for folder, names in _by_id(public, storage.RENDITIONS, files=False):
        known = Media.objects.in_bulk(list(names))
        for media_id, name in names.items():
            used = _run_of(known[media_id]) if media_id in known else None
            for run in storage.listed(public, f"{folder}/{name}")[0]:
                changed = storage.last_change(public, f"{folder}/{name}/{run}")
                if run != used and (changed is None or changed < before):
                    storage.delete_folder(public, f"{folder}/{name}/{run}")
                    log.info("orphan_deleted key=%s", f"{folder}/{name}/{run}")
            if media_id not in known:
                storage.delete_if_empty(public, f"{folder}/{name}")


def _by_id(files_in: Storage, top: str, *, files: bool) -> Iterator[tuple[str, dict[uuid.UUID, str]]]:
    """(folder, {media id: name}) for each folder under `top`; what has another name than a UUID is none of ours."""
    for shard in storage.listed(files_in, top)[0]:
        names: dict[uuid.UUID, str] = {}
        for name in storage.listed(files_in, f"{top}/{shard}")[1 if files else 0]:
            try:
                names[uuid.UUID(name)] = name
            except ValueError:
                continue
        if names:
            yield f"{top}/{shard}", names


def _fail_stuck(before: datetime) -> None:
    """Media whose worker was killed each time: their job is dead and nobody told the owner."""
    unfinished = Media.objects.filter(status__in=[Media.Status.PENDING, Media.Status.PROCESSING], created_at__lt=before)
    waiting = Job.objects.exclude(state=Job.State.DEAD)
    at_work = set(waiting.filter(task__in=finalizing.PROCESS.values()).values_list("args__media_id", flat=True))
    uploads = list(waiting.filter(task=sealing.FINALIZE).values_list("args__upload_id", flat=True))
    at_work |= {str(pk) for pk in UploadSession.objects.filter(pk__in=uploads).values_list("media", flat=True)}
    for media in unfinished.iterator():
        if str(media.id) not in at_work:
            fail(media, PROCESSING_FAILED)
