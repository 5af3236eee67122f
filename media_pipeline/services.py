"""Taking pictures and small videos in. The work on them is done later, by the job that is recorded here."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone

from core import errors
from media_pipeline import imaging, storage
from media_pipeline.models import Media
from media_pipeline.quotas import reserve
from media_pipeline.removal import media_delete as media_delete
from media_pipeline.removal import media_discard as media_discard
from media_pipeline.sniffing import EXTENSIONS, HEAD_BYTES, sniff
from realtime.outbox import record_job

TOO_MANY_BYTES = f"The picture is larger than {imaging.MAX_BYTES // 1024**2} MB."


def decode_base64(text: str, *, field: str = "image") -> bytes:
    """The bytes of a base64 text or of a `data:...;base64,` URL; line breaks are fine.

    Raises Invalid (under `field`) and TooLarge, both before anything is decoded in vain.
    """
    if text.startswith("data:"):
        head, comma, text = text.partition(",")
        if not comma or not head.endswith(";base64"):
            raise _invalid("The data URL holds no base64.", field, "invalid_base64")
    if len(text) > imaging.MAX_BYTES * 3 // 2:  # 4/3, and line breaks
        raise errors.TooLarge(TOO_MANY_BYTES)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("This is not valid base64.", field, "invalid_base64") from error


def image_create(*, owner: Any, data: bytes, field: str = "image") -> Media:
    """Keeps `data` privately and asks for its renditions; both only if the caller's transaction commits.

    Only the header is read here. Raises UnsupportedType (not one of imaging.FORMATS), TooLarge (bytes, pixels,
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
        record_job("media_pipeline.process_image", media_id=str(media.id))
    return images


def _image_of(owner: Any, data: bytes, field: str) -> Media:
    """The unsaved row of a picture that may become one."""
    if not data:
        raise _invalid("The picture is empty.", field, "empty")
    if len(data) > imaging.MAX_BYTES:
        raise errors.TooLarge(TOO_MANY_BYTES)
    try:
        header = imaging.inspect(data)
    except imaging.Unusable as error:
        if error.code == imaging.UNSUPPORTED:
            raise errors.UnsupportedType(error.detail) from error
        if error.code == imaging.TOO_LARGE:
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
    record_job("media_pipeline.process_video", media_id=str(media.id))
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
