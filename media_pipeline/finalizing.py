"""The worker's part of an upload: sealed bytes become the original of their media, and are given to whom they concern.

Every step finds out whether it was done before, so a worker that is killed anywhere leaves what the next one finishes.
"""

import hashlib
import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from core import errors
from core.periodic import periodic
from media_pipeline import headers, outcomes, storage, unusable
from media_pipeline.extents import CHECKSUM_MISMATCH
from media_pipeline.models import Media, UploadSession
from media_pipeline.processing import record_processing
from media_pipeline.sealing import FINALIZE
from media_pipeline.sessions import give_up
from media_pipeline.sniffing import HEAD_BYTES, sniff
from media_pipeline.stores import store
from realtime.jobs import MAX_ATTEMPTS, RunningJob, job

log = logging.getLogger(__name__)

# So long an upload that ended can be asked about (410, or its media); then its row goes.
REMEMBERED = timedelta(days=7)
# Older than any request or job that may still be about to need the file.
SWEPT_AFTER = timedelta(hours=1)


@job(FINALIZE, queue="images", time_limit=900)
def finalize_upload(run: RunningJob, *, upload_id: str) -> None:
    """Moves a sealed upload to its place, checks what its client declared, and asks for its renditions.

    The move is the store's: on a disk a rename. Only a declared hash makes this read the file.
    """
    session = UploadSession.objects.select_related("media").filter(pk=upload_id).first()
    media = session.media if session is not None else None
    if session is None or media is None:  # deleted by its owner: the sweep takes the file
        run.done()
        return
    parts = [uuid.UUID(part) for part in session.parts]
    try:
        error = _put_in_place(session, media, parts) or _refusal(session, media)
    except Exception:
        if run.attempt >= MAX_ATTEMPTS:
            outcomes.fail(media, outcomes.PROCESSING_FAILED)
        raise
    with transaction.atomic():
        if error:
            outcomes.fail(media, error, run)
        else:
            run.done()
            record_processing(media)
        UploadSession.objects.filter(pk=session.pk).update(state=UploadSession.State.PROCESSING)
        session.extents.all().delete()
        UploadSession.objects.filter(pk__in=parts).delete()
    for upload in (session.pk, *parts):
        store.delete(upload)


def _put_in_place(session: UploadSession, media: Media, parts: list[uuid.UUID]) -> str:
    """Moves the bytes to where their media looks for them; the code of a failure when they are lost, else nothing."""
    try:
        store.keep(session.pk, parts, media.original)
    except errors.Gone:
        return outcomes.ORIGINAL_MISSING
    return ""


def _refusal(session: UploadSession, media: Media) -> str:
    """Why these bytes will not be worked on; empty when they will."""
    if sniff(storage.original_start(media.original, HEAD_BYTES)) is None:
        return unusable.UNSUPPORTED
    if media.kind == Media.Kind.IMAGE and media.size > headers.MAX_BYTES:
        return unusable.TOO_LARGE
    if session.sha256:
        found = hashlib.sha256()
        for block in storage.original_blocks(media.original):
            found.update(block)
        if found.hexdigest() != session.sha256:
            return CHECKSUM_MISMATCH
    return ""


@periodic("media_pipeline.sweep_uploads", time_limit=900)
def sweep_uploads() -> None:
    """Every quarter of an hour: ends uploads past their time, forgets those long ended, deletes files nobody knows."""
    now = timezone.now()
    late = UploadSession.objects.filter(state=UploadSession.State.OPEN, expires_at__lte=now)
    for upload_id in list(late.values_list("pk", flat=True)):
        _expire(upload_id)
    ended = UploadSession.objects.exclude(state=UploadSession.State.OPEN).filter(updated_at__lt=now - REMEMBERED)
    # One that waits for its job is not forgotten, nor are the parts of one.
    ended = ended.exclude(state=UploadSession.State.SEALED, media__isnull=False)
    ended.exclude(whole__state=UploadSession.State.SEALED, whole__media__isnull=False).delete()
    _sweep_files(now - SWEPT_AFTER)


@transaction.atomic
def _expire(upload_id: uuid.UUID) -> None:
    session = UploadSession.objects.select_for_update(no_key=True).filter(pk=upload_id).first()
    if session is not None and session.state == UploadSession.State.OPEN and session.expires_at <= timezone.now():
        give_up(session, UploadSession.State.EXPIRED)
        log.info("upload_expired id=%s", upload_id)


def _sweep_files(before: datetime) -> None:
    """Files of uploads that are neither open nor on their way to become media."""
    for upload_id, written in store.listed():
        if written < before and not _needs_file(upload_id):
            store.delete(upload_id)
            log.info("orphan_deleted upload=%s", upload_id)


def _needs_file(upload_id: uuid.UUID) -> bool:
    session = UploadSession.objects.filter(pk=upload_id).first()
    if session is None:
        return False
    if session.state == UploadSession.State.OPEN:
        return True
    if session.is_partial and session.whole_id is not None:
        whole = UploadSession.objects.filter(pk=session.whole_id, state=UploadSession.State.SEALED)
        return whole.filter(media__isnull=False).exists()
    return session.state == UploadSession.State.SEALED and session.media_id is not None
