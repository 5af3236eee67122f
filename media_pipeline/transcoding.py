"""The job that makes a video playable: HLS, a poster, and progress on the owner's inbox while it works."""

import logging
import time
from collections.abc import Callable

from django.core.files import File
from django.db import transaction

from media_pipeline import storage, video
from media_pipeline.events import MediaReady, UploadProgress
from media_pipeline.models import Media
from media_pipeline.outcomes import ORIGINAL_MISSING, PROCESSING_FAILED, fail
from media_pipeline.processing import PROCESS_VIDEO
from media_pipeline.renditions import store_renditions
from media_pipeline.shapes import media_shape
from media_pipeline.unusable import Unusable
from media_pipeline.video import FFMPEG_MISSING, FfmpegMissing, RenderedVideo
from media_pipeline.work_folders import work_folder
from realtime.ephemeral import Teller
from realtime.jobs import MAX_ATTEMPTS, RunningJob, job
from realtime.outbox import record

log = logging.getLogger(__name__)

# What ffmpeg may take, and time to fetch the original and to store what came out. Twice this is less than the
# broker's visibility timeout.
TIME_LIMIT = 1750
PROGRESS_SECONDS = 0.5


class Deleted(Exception):
    """The owner has deleted it while it was worked on."""


@job(PROCESS_VIDEO, queue="media", time_limit=TIME_LIMIT)
def process_video(run: RunningJob, *, media_id: str) -> None:
    """Variants, playlists and poster of one video; `media.ready` or `media.failed` in the transaction of its status.

    Killed anywhere and run again, it starts over in a new folder, and the run that commits deletes the others.
    """
    media = Media.objects.filter(id=media_id).first()
    if media is None or media.status == Media.Status.READY:
        run.done()
        return
    Media.objects.filter(id=media_id).update(status=Media.Status.PROCESSING, progress=0)
    folder = storage.new_run_folder(media.id)
    try:
        with work_folder() as work:
            try:
                source = storage.copy_original(media.original, work)
            except FileNotFoundError:
                fail(media, ORIGINAL_MISSING, run)
                return
            with Teller() as teller:
                rendered = video.render(source, work, _progress_of(media, teller))
            stored = store_renditions(folder, rendered.poster)
            master = _store_files(folder, rendered)
    except Unusable as reason:
        log.info("video_unusable id=%s code=%s detail=%s", media.id, reason.code, reason.detail)
        fail(media, reason.code, run)
    except FfmpegMissing as reason:
        log.error("ffmpeg_missing id=%s: %s", media.id, reason)
        fail(media, FFMPEG_MISSING, run)
    except Deleted:
        run.done()
        storage.delete_runs(media.id, keep=None)
    except Exception:
        if run.attempt >= MAX_ATTEMPTS:
            fail(media, PROCESSING_FAILED)
        raise
    else:
        is_ready = _finish(media, rendered, stored, master, run)
        storage.delete_runs(media.id, keep=folder.rpartition("/")[2] if is_ready else None)


def _progress_of(media: Media, teller: Teller) -> Callable[[int], None]:
    """Writes percent into the row, and tells its owner, when it is time and they have grown. Raises Deleted."""
    told, last = 0, time.monotonic()

    def on_progress(percent: int) -> None:
        nonlocal told, last
        now = time.monotonic()
        if percent <= told or now - last < PROGRESS_SECONDS:
            return
        told, last = percent, now
        if not Media.objects.filter(id=media.id).update(progress=percent):
            raise Deleted
        event = UploadProgress(actor=None, owner_id=media.owner_id, media_id=str(media.id), progress=percent)
        teller.tell(event)

    return on_progress


def _store_files(folder: str, rendered: RenderedVideo) -> str:
    """Writes the variants; the key of the master playlist, which comes last."""
    public, key = storage.public_storage(), ""
    for path in rendered.files:
        with path.open("rb") as file:
            key = public.save(f"{folder}/{path.name}", File(file))
    return key


@transaction.atomic
def _finish(
    media: Media, rendered: RenderedVideo, stored: dict[str, dict[str, str | int]], master: str, run: RunningJob
) -> bool:
    """Makes the media ready; False if it was deleted meanwhile."""
    run.done()
    locked = Media.objects.select_for_update().filter(id=media.id).first()
    if locked is None:
        return False
    locked.status, locked.error, locked.progress = Media.Status.READY, "", 100
    locked.duration, locked.hls = rendered.duration, master
    locked.width, locked.height = rendered.width, rendered.height
    locked.placeholder, locked.renditions = rendered.poster.placeholder, stored
    locked.save()
    record(MediaReady(actor=None, owner_id=locked.owner_id, **media_shape(locked)))
    return True
