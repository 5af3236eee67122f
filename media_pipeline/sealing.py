"""The end of an upload: all its bytes are there, so it is sealed, and gets its media and the job that makes it one.

Sealing costs the same however large the file is; what takes time is the job's (`media_pipeline.finalizing`).
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import errors
from media_pipeline import storage
from media_pipeline.extents import extents_digest
from media_pipeline.models import Media, UploadSession
from media_pipeline.quotas import lock_owner
from media_pipeline.sessions import (
    PARTS_MAX,
    missing_chunks,
    require_alive,
    require_open,
    upload_offset,
    upload_open,
)
from media_pipeline.sniffing import HEAD_BYTES, sniff
from media_pipeline.stores import store
from realtime.outbox import record_job

FINALIZE = "media_pipeline.finalize_upload"


def upload_seal(*, session: UploadSession) -> UploadSession:
    """Ends an upload whose bytes are complete; one that was ended before is returned as it is.

    Locked while somebody writes, Conflict with the code `incomplete` and the missing ranges, Gone when it is too late.
    """
    if session.state != UploadSession.State.OPEN:
        require_alive(session)
        return session
    # The bytes are let go after the commit: who gets them next finds the upload sealed.
    with ExitStack() as held, transaction.atomic():
        locked = UploadSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        require_alive(locked)
        if locked.state == UploadSession.State.OPEN:
            if missing := _missing_ranges(locked):
                raise errors.Conflict(
                    "Bytes of the upload are missing: send them, then finalize again.",
                    code="incomplete",
                    errors={"missing": missing},
                )
            held.enter_context(store.region(locked.pk))
            _seal(locked, digest=extents_digest([locked.pk]), head=store.head(locked.pk, HEAD_BYTES))
    return locked


def upload_concatenate(
    *, owner: Any, part_ids: Sequence[uuid.UUID], metadata: Mapping[str, str], content_type: str = ""
) -> UploadSession:
    """The upload that consists of these (tus concatenation), sealed at once. Asked again, it is the same one.

    NotFound unless all are one's own partial uploads; Conflict when one is incomplete or part of another whole.
    """
    if not 1 <= len(part_ids) <= PARTS_MAX or len(set(part_ids)) != len(part_ids):
        raise errors.Invalid(
            f"A whole has 1 to {PARTS_MAX} different parts.", errors={"Upload-Concat": ["wrong parts"]}
        )
    head = _head_of_first(owner, part_ids[0])
    with transaction.atomic():
        lock_owner(owner.pk)
        mine = UploadSession.objects.visible_to(owner).select_for_update(no_key=True)
        rows = mine.filter(pk__in=part_ids, is_partial=True)
        found = {part.pk: part for part in rows.order_by("pk")}
        ids = [str(part_id) for part_id in part_ids]
        if (before := UploadSession.objects.visible_to(owner).filter(parts=ids).first()) is not None:
            return before
        if len(found) != len(part_ids):
            raise errors.NotFound("One of the parts is no partial upload of yours.")
        parts = [found[part_id] for part_id in part_ids]
        for part in parts:
            require_open(part)
            if part.length is None or upload_offset(part) != part.length:
                raise errors.Conflict("A part is not complete yet.", code="incomplete")
        if head is None:
            # Its last bytes came after it was looked at, and its first ones tell what the whole is.
            raise errors.Conflict("A part is not complete yet.", code="incomplete")
        digest = extents_digest(part_ids)
        # They no longer take bytes, nor count against the quota: the whole does.
        now = timezone.now()
        UploadSession.objects.filter(pk__in=part_ids).update(
            state=UploadSession.State.SEALED, sealed_at=now, updated_at=now
        )
        whole = upload_open(
            owner=owner,
            length=sum(part.length or 0 for part in parts),
            metadata=metadata,
            content_type=content_type,
        )
        whole.parts = ids
        _seal(whole, digest=digest, head=head)
        UploadSession.objects.filter(pk__in=part_ids).update(whole=whole)
    return whole


def _head_of_first(owner: Any, part_id: uuid.UUID) -> bytes | None:
    """How a whole begins, None unless its first part is complete. Before anything is locked, as a bucket may be slow.

    Bytes that were acknowledged never change, so that whoever finds the part open afterwards may rely on it.
    """
    parts = UploadSession.objects.visible_to(owner).filter(is_partial=True, state=UploadSession.State.OPEN)
    part = parts.filter(pk=part_id).first()
    if part is None or part.length is None or upload_offset(part) != part.length:
        return None
    return store.head(part_id, HEAD_BYTES)


def _seal(session: UploadSession, *, digest: str, head: bytes) -> None:
    """The upload's media and the job that looks at its bytes, in the caller's transaction."""
    assert session.length is not None
    sniffed = sniff(head)
    media_id = uuid.uuid4()
    # What is neither is no video either: the job says so.
    session.media = Media.objects.create(
        id=media_id,
        owner_id=session.owner_id,
        kind=sniffed.kind if sniffed else Media.Kind.IMAGE,
        content_type=sniffed.content_type if sniffed else "",
        original=storage.original_key(media_id),
        size=session.length,
    )
    session.state, session.sealed_at, session.digest = UploadSession.State.SEALED, timezone.now(), digest
    session.save(update_fields=["state", "sealed_at", "digest", "media", "parts", "updated_at"])
    record_job(FINALIZE, upload_id=str(session.pk))


def _missing_ranges(session: UploadSession) -> list[str]:
    """The chunks (of a tus upload the bytes) that have not come, as `3` or `5-9`."""
    if session.chunk_size is None:
        offset = upload_offset(session)
        if session.length is None:
            return [f"{offset}-"]
        return [f"{offset}-{session.length - 1}"] if offset < session.length else []
    ranges: list[list[int]] = []
    for index in missing_chunks(session):
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
