"""How media look in answers and events. Nothing here queries."""

import uuid
from collections.abc import Mapping
from typing import Any, TypedDict

from django.core.files.storage import default_storage

from media_pipeline.models import Media
from media_pipeline.storage import public_url

# What `image_shape_from` needs of a `.values()` row.
IMAGE_FIELDS = ("id", "status", "width", "height", "placeholder", "renditions")
# What `media_shape_from` needs of one.
MEDIA_FIELDS = (*IMAGE_FIELDS, "kind", "error", "progress", "duration", "hls")


class RenditionShape(TypedDict):
    """One size of a picture: `url` is a JPEG, `webp` the same as WebP."""

    url: str
    webp: str
    width: int
    height: int


class ImageShape(TypedDict):
    """A picture as part of something else. `url`, `width` and `height` are those of the large rendition.

    They, `placeholder` (a thumbhash, base64) and the renditions are null or empty until the status is `ready`.
    """

    id: str
    status: str
    url: str | None
    width: int | None
    height: int | None
    placeholder: str | None
    renditions: dict[str, RenditionShape]


class MediaShape(TypedDict):
    """A file of its owner. `progress` is in percent, `duration` in seconds; `error` is a code when it failed.

    A video's renditions and placeholder are those of its poster; its `url` is `hls_url`, the master playlist, and its
    size that of the largest variant.
    """

    id: str
    kind: str
    status: str
    error: str | None
    progress: int
    url: str | None
    width: int | None
    height: int | None
    duration: float | None
    placeholder: str | None
    renditions: dict[str, RenditionShape]
    poster: str | None
    hls_url: str | None


def image_fields(prefix: str = "image__") -> list[str]:
    """The names to ask `.values()` for, so that `image_shape_from(row, prefix)` can shape the row."""
    return [prefix + name for name in IMAGE_FIELDS]


def image_shape(media: Media | None) -> ImageShape | None:
    """The picture, null for none."""
    if media is None:
        return None
    return _image(media.id, media.status, media.width, media.height, media.placeholder, media.renditions)


def image_shape_from(row: Mapping[str, Any], prefix: str = "image__") -> ImageShape | None:
    """The picture in a `.values()` row that holds `image_fields(prefix)`, null for none."""
    if row[f"{prefix}id"] is None:
        return None
    return _image(*(row[prefix + name] for name in IMAGE_FIELDS))


def rendition_url(media: Media | None, name: str) -> str | None:
    """The JPEG of one size (`thumb`, `small`, `large`), null while there is none."""
    rendition = media.renditions.get(name) if media is not None else None
    return public_url(rendition["jpeg"]) if rendition else None


def media_shape(media: Media) -> MediaShape:
    return media_shape_from({name: getattr(media, name) for name in MEDIA_FIELDS})


def media_shape_from(row: Mapping[str, Any], prefix: str = "") -> MediaShape:
    """The file in a row that holds MEDIA_FIELDS, each behind PREFIX."""
    image = _image(*(row[prefix + name] for name in IMAGE_FIELDS))
    is_video = row[f"{prefix}kind"] == Media.Kind.VIDEO
    hls = row[f"{prefix}hls"]
    hls_url = public_url(hls) if hls else None
    return {
        "id": image["id"],
        "kind": row[f"{prefix}kind"],
        "status": image["status"],
        "error": row[f"{prefix}error"] or None,
        "progress": 100 if image["status"] == Media.Status.READY else row[f"{prefix}progress"],
        "url": hls_url if is_video else image["url"],
        "width": image["width"],
        "height": image["height"],
        "duration": row[f"{prefix}duration"],
        "placeholder": image["placeholder"],
        "renditions": image["renditions"],
        "poster": image["url"] if is_video else None,
        "hls_url": hls_url,
    }


def _image(
    media_id: uuid.UUID,
    status: str,
    width: int | None,
    height: int | None,
    placeholder: str,
    renditions: Mapping[str, Mapping[str, Any]],
) -> ImageShape:
    # Local files: asking the storage once, not six times, is a quarter of what a list costs to shape.
    base = getattr(default_storage, "base_url", None)
    url_of = public_url if base is None else base.__add__
    shaped: dict[str, RenditionShape] = {
        name: {
            "url": url_of(stored["jpeg"]),
            "webp": url_of(stored["webp"]),
            "width": stored["width"],
            "height": stored["height"],
        }
        for name, stored in renditions.items()
    }
    return {
        "id": str(media_id),
        "status": status,
        "url": shaped["large"]["url"] if "large" in shaped else None,
        "width": width,
        "height": height,
        "placeholder": placeholder or None,
        "renditions": shaped,
    }
