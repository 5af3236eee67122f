"""Uploads that their owner knows by the file's name alone, as clients of an earlier system do: appended to, then ended.

There a chunk says neither where it goes nor which upload it belongs to. So the name is one person's, an upload begins
with what only the beginning of a film is, and that begins anew when it comes again.
"""

from typing import Any

from django.db import transaction

from core import errors
from media_pipeline.models import Media, UploadSession
from media_pipeline.quotas import lock_owner
from media_pipeline.sealing import upload_seal
from media_pipeline.sessions import give_up, upload_declare_length, upload_offset, upload_open
from media_pipeline.sniffing import sniff


def get_named_upload(owner: Any, name: str) -> UploadSession | None:
    """The open upload of that person and name."""
    return UploadSession.objects.visible_to(owner).filter(name=name, state=UploadSession.State.OPEN).first()


def begins(head: bytes, upload: UploadSession | None) -> bool:
    """Whether a chunk with these first bytes begins a film, and does not go on with UPLOAD."""
    sniffed = sniff(head)
    is_film = sniffed is not None and sniffed.kind == Media.Kind.VIDEO
    # Boxes of QuickTime may lie at the beginning of any chunk; these stand at the beginning of a file alone.
    return is_film and (upload is None or head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"))


@transaction.atomic
def upload_for_name(*, owner: Any, name: str, head: bytes) -> tuple[UploadSession, bool]:
    """The upload that a chunk with these first bytes goes to: the open one of that name, or a new one in its place
    (then the second value is True).

    Raises UnsupportedType for what neither begins a film nor can go on with one, and what `upload_open` raises.
    """
    upload = get_named_upload(owner, name)
    if not begins(head, upload):
        if upload is None:
            raise errors.UnsupportedType("This is not the beginning of a video (MP4, MOV, WebM, MKV).")
        return upload, False
    lock_owner(owner.pk)
    if upload is not None:
        locked = UploadSession.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if locked.state == UploadSession.State.OPEN:
            give_up(locked, UploadSession.State.ABORTED)
    return upload_open(owner=owner, length=None, metadata={"filename": name}, name=name), True


def upload_end(*, session: UploadSession) -> UploadSession:
    """Seals an upload at what has come, if its length was never said; ended before, it is returned as it is.

    Invalid when nothing has come; else the errors of `upload_seal`.
    """
    if session.state == UploadSession.State.OPEN and session.length is None:
        try:
            upload_declare_length(session=session, length=upload_offset(session))
        except errors.Conflict as error:
            if error.code != "finalized":
                raise
            # Another request has ended it meanwhile: sealing says with which media.
    return upload_seal(session=session)
