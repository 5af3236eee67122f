"""Taking pictures and small videos in. The work on them is done later, by the job that is recorded here."""

import binascii
import io
import string
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone

from core import errors
from core.long_values import PIECE, LongValue
from media_pipeline import headers, storage
from media_pipeline.models import Media
from media_pipeline.processing import record_processing
from media_pipeline.quotas import reserve
from media_pipeline.removal import media_delete as media_delete
from media_pipeline.removal import media_discard as media_discard
from media_pipeline.sniffing import EXTENSIONS, HEAD_BYTES, sniff
from media_pipeline.unusable import TOO_LARGE, UNSUPPORTED, Unusable

TOO_MANY_BYTES = f"The picture is larger than {headers.MAX_BYTES // 1024**2} MB."
_WHITE_SPACE = string.whitespace.encode()


def decode_base64(text: str | LongValue, *, field: str = "image") -> bytes:
    """The bytes of a base64 text or of a `data:...;base64,` URL; line breaks are fine.

    Raises Invalid (under `field`) and TooLarge. Beside the result it needs a few times PIECE of memory.
    """
    decoded = io.BytesIO()
    try:
        for piece in _base64_quads(_without_url_head(_pieces(text), field)):
            decoded.write(binascii.a2b_base64(piece, strict_mode=True))
            if decoded.tell() > headers.MAX_BYTES:
                raise errors.TooLarge(TOO_MANY_BYTES)
    except ValueError as error:  # binascii.Error, and what is not ASCII
        raise _invalid("This is not valid base64.", field, "invalid_base64") from error
    return decoded.getvalue()


def _pieces(text: str | LongValue) -> Iterator[bytes]:
    if isinstance(text, LongValue):
        return text.pieces()
    return (text[start : start + PIECE].encode("ascii") for start in range(0, len(text), PIECE))


def _without_url_head(pieces: Iterator[bytes], field: str) -> Iterator[bytes]:
    first = next(pieces, b"")
    if first.startswith(b"data:"):
        head, comma, first = first.partition(b",")
        if not comma or not head.endswith(b";base64"):
            raise _invalid("The data URL holds no base64.", field, "invalid_base64")
    yield first
    yield from pieces


def _base64_quads(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same without white space, in pieces of whole groups of four. ValueError for padding before the end."""
    pending, is_ended = b"", False
    for piece in pieces:
        pending += piece.translate(None, _WHITE_SPACE)
        if is_ended and pending:
            raise ValueError("base64 after its padding")
        size = len(pending) // 4 * 4
        quads, pending = pending[:size], pending[size:]
        is_ended = is_ended or quads.endswith(b"=")
        yield quads
    yield pending


def image_create(*, owner: Any, data: bytes, field: str = "image") -> Media:
    """Keeps `data` privately and asks for its renditions; both only if the caller's transaction commits.

    Only the header is read here. Raises UnsupportedType (not one of headers.SIZES), TooLarge (bytes, pixels,
    `over_quota`) and Invalid under `field` (empty, or broken before its size can be read).
    """
    [media] = images_create(owner=owner, datas=[data], field=field)
    return media


@transaction.atomic
def images_create(*, owner: Any, datas: Sequence[bytes], field: str = "image") -> list[Media]:
    """Several pictures as `image_create`, all or none of them."""
    images = [_image_of(owner, data, field) for data in datas]
    for media, data in zip(images, datas, strict=True):
        # All of them first, for it may take long: `reserve` holds the person's row.
        media.original = storage.store_original(media.id, data)
    if images:
        reserve(owner_id=owner.pk, size=sum(map(len, datas)))
    for media in images:
        media.save(force_insert=True)
        record_processing(media)
    return images


def _image_of(owner: Any, data: bytes, field: str) -> Media:
    """The unsaved row of a picture that may become one."""
    if not data:
        raise _invalid("The picture is empty.", field, "empty")
    if len(data) > headers.MAX_BYTES:
        raise errors.TooLarge(TOO_MANY_BYTES)
    try:
        header = headers.inspect(data)
    except Unusable as error:
        if error.code == UNSUPPORTED:
            raise errors.UnsupportedType(error.detail) from error
        if error.code == TOO_LARGE:
            raise errors.TooLarge(error.detail) from error
        raise _invalid(error.detail, field, error.code) from error
    return Media(id=uuid.uuid4(), owner=owner, kind=Media.Kind.IMAGE, content_type=header.content_type, size=len(data))


@transaction.atomic
def media_create(*, owner: Any, data: bytes, field: str = "file") -> Media:
    """A picture (`image_create`) or a video, by its bytes. Only the first ones of a video are read here."""
    sniffed = sniff(data[:HEAD_BYTES])
    if sniffed is None or sniffed.kind != Media.Kind.VIDEO:
        return image_create(owner=owner, data=data, field=field)
    media = Media(
        id=uuid.uuid4(), owner=owner, kind=Media.Kind.VIDEO, content_type=sniffed.content_type, size=len(data)
    )
    # First, for it may take long: `reserve` holds the person's row.
    media.original = storage.store_original(media.id, data)
    reserve(owner_id=owner.pk, size=len(data))
    media.save(force_insert=True)
    record_processing(media)
    return media


class OriginalShape(TypedDict):
    """Where the file as it was uploaded can be fetched, until `expires_at`."""

    url: str
    expires_at: str
    content_type: str
    size: int


def media_original(*, media: Media) -> OriginalShape:
    """An address of the original for whoever holds it. Conflict until the media is ready or has failed, and while its
    files are put back after the owner's account was opened again.

    An address that is given out earlier would outlive the closing of the account: workers need the file in its place.
    """
    if not media.is_finished or media.is_withdrawn:
        raise errors.Conflict("The media is being worked on: ask again when it is ready.", code="not_ready")
    content_type = media.content_type or "application/octet-stream"
    expires_at = timezone.now() + timedelta(seconds=storage.SIGNED_SECONDS)
    filename = f"{media.id}.{EXTENSIONS.get(content_type, 'bin')}"
    return {
        "url": storage.original_url(media.original, content_type=content_type, filename=filename),
        "expires_at": expires_at.isoformat(),
        "content_type": content_type,
        "size": media.size,
    }


def _invalid(detail: str, field: str, code: str) -> errors.Invalid:
    return errors.Invalid(detail, code=code, errors={field: [detail]})
