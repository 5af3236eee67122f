"""How work on media ends without any: said once, to their owner, whichever job found out."""

import logging

from django.db import transaction

from media_pipeline.events import MediaFailed
from media_pipeline.models import Media
from media_pipeline.shapes import media_shape
from realtime.jobs import RunningJob
from realtime.outbox import record

log = logging.getLogger(__name__)

# Codes of `Media.error` beside those of unusable.py.
ORIGINAL_MISSING, PROCESSING_FAILED = "original_missing", "processing_failed"


@transaction.atomic
def fail(media: Media, error: str, run: RunningJob | None = None) -> None:
    """Marks what will not become ready, and says so once."""
    if run is not None:
        run.done()
    locked = Media.objects.select_for_update().filter(id=media.id).first()
    if locked is None or locked.status in (Media.Status.READY, Media.Status.FAILED):
        return
    locked.status, locked.error = Media.Status.FAILED, error
    locked.save(update_fields=["status", "error", "updated_at"])
    record(MediaFailed(actor=None, owner_id=locked.owner_id, **media_shape(locked)))
    log.warning("media_failed id=%s error=%s", locked.id, error)
