"""Uploads as their owner sees them: begun, looked at, given up."""

import re
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypedDict

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigAutoField, Sum, UUIDField
from django.utils import timezone

from core import errors
from core.prepared import Parameter, PreparedInstance
from media_pipeline import headers
from media_pipeline.models import Extent, Media, UploadSession
from media_pipeline.quotas import lock_owner, require_room, reserve
from media_pipeline.sniffing import IMAGE_TYPES, VIDEO_TYPES
from media_pipeline.storage import UndoneUnlessCommitted
from media_pipeline.stores import store

CHUNK_SIZE = 4 * 1024 * 1024
# A server holds so much of each request in memory.
CHUNK_SIZE_MIN, CHUNK_SIZE_MAX = 1024, 8 * 1024 * 1024
CHUNKS_MAX = 10_000
# What a client may say of its file, in characters of names and values together.
METADATA_MAX = 4000
PARTS_MAX = 100
# For so long somebody whose last answer was lost may ask for it; later, the address is taken for forgotten.
LAST_ANSWER = timedelta(minutes=10)
# Judged on the bytes, once they are there.
UNKNOWN_TYPES = {"", "application/octet-stream"}
_COUNT = f"SELECT count(*) FROM {Extent._meta.db_table} WHERE session_id = %s"  # noqa: S608
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class UploadShape(TypedDict):
    """An upload. The three numbers and the list of chunks are null for a tus upload, which has an `offset` instead."""

    id: str
    state: str
    length: int | None
    offset: int
    chunk_size: int | None
    chunk_count: int | None
    received: int | None
    missing: int | None
    missing_chunks: list[int] | None
    expires_at: str
    media_id: str | None
    error: str | None
    urls: dict[str, str]


@transaction.atomic
def upload_open(
    *,
    owner: Any,
    length: int | None,
    chunk_size: int | None = None,
    metadata: Mapping[str, str] | None = None,
    content_type: str = "",
    sha256: str = "",
    is_partial: bool = False,
    name: str = "",
) -> UploadSession:
    """Begins an upload and takes room for it in its owner's quota, if the transaction commits; disk is taken by bytes.

    `length` is None when it will be declared later; `name` is for `media_pipeline.named` alone. Raises Invalid,
    UnsupportedType (a declared type that is not taken), TooLarge (also `over_quota`), Forbidden (`account_closed`) and
    StorageFull (the disk has no room for so much).
    """
    _check_metadata(metadata or {})
    _check_type(content_type)
    if length is not None:
        _check_length(length, content_type)
    if chunk_size is not None and length is not None and -(-length // chunk_size) > CHUNKS_MAX:
        needed = -(-length // CHUNKS_MAX)
        raise _invalid("chunk_size", f"{CHUNKS_MAX} chunks at most: of at least {needed} bytes for this length.")
    session = UploadSession(
        owner=owner,
        length=length,
        chunk_size=chunk_size,
        metadata=dict(metadata or {}),
        sha256=sha256,
        is_partial=is_partial,
        name=name,
        expires_at=_expiry(min(settings.UPLOAD_EMPTY_SECONDS, settings.UPLOAD_LIFETIME_SECONDS)),
    )
    reserve(owner_id=owner.pk, size=length or 0)
    store.create(session.pk, length)
    transaction.on_commit(UndoneUnlessCommitted(store.delete, session.pk))
    session.save(force_insert=True)
    return session


def upload_declare_length(*, session: UploadSession, length: int) -> None:
    """Says how long an upload is that was begun without. Conflict when it was said before, and otherwise; Locked while
    somebody writes, who may write more than that."""
    # Let go after the commit: who writes next finds the length.
    with ExitStack() as held, transaction.atomic():
        owner = lock_owner(session.owner_id)
        locked = UploadSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        require_open(locked)
        if locked.length is None:
            held.enter_context(store.region(locked.pk))
            arrived = upload_offset(locked)
            if length < arrived:
                raise _invalid("Upload-Length", f"{arrived} bytes have come already.")
            _check_length(length, locked.metadata.get("filetype", ""))
            require_room(owner=owner, size=length - arrived)
            store.declare(locked.pk, length)
            locked.length = length
            locked.save(update_fields=["length", "updated_at"])
        elif locked.length != length:
            raise errors.Conflict("The length of this upload was declared otherwise before.", code="length_declared")
    session.length = length


@transaction.atomic
def upload_abort(*, session: UploadSession) -> None:
    """Gives up an upload and its bytes. Conflict once it is sealed; given up before is fine."""
    locked = UploadSession.objects.select_for_update(no_key=True).get(pk=session.pk)
    if locked.state in (UploadSession.State.SEALED, UploadSession.State.PROCESSING):
        raise errors.Conflict("The upload is complete: delete its media instead.", code="finalized")
    if locked.state == UploadSession.State.OPEN:
        give_up(locked, UploadSession.State.ABORTED)


def give_up(session: UploadSession, state: str) -> None:
    """An open, locked upload ends without media. Its file goes after the commit; the row stays for a while: 410."""
    session.state = state
    session.save(update_fields=["state", "updated_at"])
    session.extents.all().delete()
    transaction.on_commit(lambda: store.delete(session.pk))


@transaction.atomic
def upload_discard(*, session: UploadSession) -> None:
    """Deletes an open upload whose creation is refused: its row at once, its bytes after the commit.

    The client was never told its address. One that was sealed or has ended stays as it is.
    """
    locked = UploadSession.objects.select_for_update(no_key=True).filter(pk=session.pk).first()
    if locked is not None and locked.state == UploadSession.State.OPEN:
        locked.delete()
        transaction.on_commit(lambda: store.delete(session.pk))


def get_upload_for_user(user: Any, upload_id: uuid.UUID) -> UploadSession:
    """One's own, with its media. NotFound for anybody else's; Gone when it expired or was given up."""
    session = _prepared_upload().fetch({"upload": upload_id, "owner": user.pk})
    if session is None:
        raise errors.NotFound("There is no such upload of yours.")
    require_alive(session)
    return session


@cache
def _prepared_upload() -> PreparedInstance[UploadSession]:
    """Asked for each chunk: its four queries, built by the ORM each time, took as much CPU as two megabytes of it."""
    upload, owner = Parameter("upload", UUIDField()), Parameter("owner", BigAutoField())
    return PreparedInstance(UploadSession.objects.filter(pk=upload, owner=owner).select_related("media"))


def require_alive(session: UploadSession) -> None:
    """Gone when the upload expired or was given up."""
    if session.state == UploadSession.State.ABORTED:
        raise errors.Gone("This upload was given up.", code="aborted")
    expired = session.state == UploadSession.State.OPEN and session.expires_at <= timezone.now()
    if expired or session.state == UploadSession.State.EXPIRED:
        raise errors.Gone("This upload has expired: begin again.", code="expired")


def require_open(session: UploadSession) -> None:
    """Gone, or Conflict with the code `finalized`, when it takes no more bytes."""
    require_alive(session)
    if session.state != UploadSession.State.OPEN:
        raise errors.Conflict("The upload is complete and takes no more bytes.", code="finalized")


def is_forgotten(session: UploadSession) -> bool:
    """Whether a client that comes back to a complete upload has to begin anew: its media is gone, or it is long ago."""
    if session.sealed_at is None:
        return False
    return session.media_id is None or session.sealed_at + LAST_ANSWER <= timezone.now()


def keep_alive(session: UploadSession) -> None:
    """Prolongs an upload that goes on: at its first byte, later in the second half of its life. One query then."""
    if session.expires_at - timezone.now() < timedelta(seconds=settings.UPLOAD_LIFETIME_SECONDS / 2):
        session.expires_at = _expiry(settings.UPLOAD_LIFETIME_SECONDS)
        UploadSession.objects.filter(pk=session.pk).update(expires_at=session.expires_at)


def upload_offset(session: UploadSession) -> int:
    """How many bytes are acknowledged. One query, none once it is sealed."""
    if session.sealed_at is not None:
        assert session.length is not None
        return session.length
    return int(session.extents.aggregate(total=Sum("length"))["total"] or 0)


def chunk_counts(session: UploadSession) -> tuple[int, int]:
    """(received, missing) chunks. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [session._meta.pk.get_db_prep_value(session.pk, connection)])
        received: int = cursor.fetchone()[0]
    return received, chunk_count(session) - received


def chunk_count(session: UploadSession) -> int:
    assert session.length is not None and session.chunk_size is not None
    return -(-session.length // session.chunk_size)


def missing_chunks(session: UploadSession) -> list[int]:
    """The numbers of the chunks that have not come. One query."""
    if session.sealed_at is not None:
        return []
    assert session.chunk_size is not None
    size = session.chunk_size
    arrived = {offset // size for offset in session.extents.values_list("offset", flat=True)}
    return [index for index in range(chunk_count(session)) if index not in arrived]


def upload_state(session: UploadSession) -> str:
    """Its own, and once its media is being worked on, how that went."""
    media = session.media
    finished = (Media.Status.READY, Media.Status.FAILED)
    if session.state == UploadSession.State.PROCESSING and media is not None and media.status in finished:
        return media.status
    return session.state


def upload_shape(session: UploadSession) -> UploadShape:
    """One query."""
    size, path = session.chunk_size, f"/api/uploads/{session.pk}/"
    urls = {"self": path}
    count = received = missing = None
    if size is None:
        urls["tus"] = f"/api/tus/{session.pk}/"
        offset = upload_offset(session)
    else:
        urls |= {"chunks": f"{path}chunks/{{index}}/", "finalize": f"{path}finalize/"}
        count, missing = chunk_count(session), missing_chunks(session)
        received = count - len(missing)
        assert session.length is not None
        short = count * size - session.length if missing and missing[-1] == count - 1 else 0
        offset = session.length - len(missing) * size + short
    if session.media_id is not None:
        urls["media"] = f"/api/media/{session.media_id}/"
    return {
        "id": str(session.pk),
        "state": upload_state(session),
        "length": session.length,
        "offset": offset,
        "chunk_size": size,
        "chunk_count": count,
        "received": received,
        "missing": None if missing is None else len(missing),
        "missing_chunks": missing,
        "expires_at": session.expires_at.isoformat(),
        "media_id": str(session.media_id) if session.media_id is not None else None,
        "error": (session.media.error or None) if session.media is not None else None,
        "urls": urls,
    }


def _expiry(seconds: int) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def _check_length(length: int, content_type: str) -> None:
    if length <= 0:
        raise _invalid("length", "An empty file is no upload: at least one byte.")
    if length > settings.UPLOAD_MAX_BYTES:
        raise errors.TooLarge(f"An upload has at most {settings.UPLOAD_MAX_BYTES} bytes.")
    if content_type in IMAGE_TYPES and length > headers.MAX_BYTES:
        raise errors.TooLarge(f"A picture has at most {headers.MAX_BYTES} bytes.")


def _check_type(content_type: str) -> None:
    if content_type not in IMAGE_TYPES | VIDEO_TYPES | UNKNOWN_TYPES:
        raise errors.UnsupportedType(
            "Pictures (JPEG, PNG, WebP, GIF, HEIC) and videos (MP4, MOV, WebM, MKV) are taken."
        )


def _check_metadata(metadata: Mapping[str, str]) -> None:
    if sum(len(name) + len(value) for name, value in metadata.items()) > METADATA_MAX:
        raise _invalid("filename", f"File name and metadata have at most {METADATA_MAX} characters.")
    if any(_CONTROL.search(text) for item in metadata.items() for text in item):
        raise _invalid("filename", "No NUL and no other control characters.")


def _invalid(field: str, detail: str) -> errors.Invalid:
    return errors.Invalid(detail, errors={field: [detail]})
