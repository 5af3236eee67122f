"""What closing an account, and opening it again, does to the uploads and media of its owner."""

import uuid

from django.db import transaction
from django.utils import timezone

from media_pipeline.models import Extent, UploadSession
from media_pipeline.stores import store
from media_pipeline.withdrawal import FOLLOW_OWNER
from realtime.jobs import RunningJob, job
from realtime.outbox import record_job

CLEAR_UPLOADS = "media_pipeline.clear_uploads"
# Uploads whose bytes are deleted before the job says how far it is.
CHUNK = 100


def owner_closed(owner_id: int) -> None:
    """Gives up the open uploads of a user whose account closes, and has their media withdrawn by a job. Call it in that
    transaction, with the user locked.

    The quota of uploads is free at once; another job frees the disk or bucket.
    """
    record_job(FOLLOW_OWNER, owner_id=owner_id)
    opened = UploadSession.objects.filter(owner=owner_id, state=UploadSession.State.OPEN)
    if opened.update(state=UploadSession.State.ABORTED, updated_at=timezone.now()):
        record_job(CLEAR_UPLOADS, owner_id=owner_id)


def owner_restored(owner_id: int) -> None:
    """Has the media of a user whose account was opened again put back. Uploads that were given up do not come back."""
    record_job(FOLLOW_OWNER, owner_id=owner_id)


@job(CLEAR_UPLOADS, queue="images", time_limit=600)
def clear_uploads(run: RunningJob, *, owner_id: int, after: str | None = None) -> None:
    """Deletes the bytes of the uploads that a user has given up, in order of their ids, from behind `after` on."""
    given_up = UploadSession.objects.filter(owner=owner_id, state=UploadSession.State.ABORTED).order_by("pk")
    while chunk := list((given_up.filter(pk__gt=uuid.UUID(after)) if after else given_up)[:CHUNK]):
        for upload in chunk:
            store.delete(upload.pk)
        after = str(chunk[-1].pk)
        with transaction.atomic():
            Extent.objects.filter(session__in=chunk).delete()
            run.checkpoint(owner_id=owner_id, after=after)
    run.done()
