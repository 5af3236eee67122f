"""What an export has of media: what there is and where, not the files themselves, which may be many gigabytes."""

from typing import Any

from core.addresses import absolute
from core.exports import Rows, in_chunks, register_export
from media_pipeline.models import Media, UploadSession
from media_pipeline.shapes import MEDIA_FIELDS, media_shape_from


def register() -> None:
    register_export(
        "media",
        media,
        about=(
            "Your pictures and videos. `url` is what others are shown; `original` answers you, signed in, with an "
            "address of the file as you uploaded it."
        ),
    )
    register_export("uploads", uploads, about="Files that you uploaded in parts: those under way, and recent ones.")


def media(user: Any) -> Rows:
    fields = (*MEDIA_FIELDS, "content_type", "size", "created_at", "updated_at")
    for row in in_chunks(Media.objects.filter(owner=user).values(*fields, "upload__metadata")):
        shape = media_shape_from(row)
        yield {
            **{name: row[name] for name in ("id", "kind", "status", "content_type", "size")},
            "file_name": (row["upload__metadata"] or {}).get("filename"),
            **{name: shape[name] for name in ("width", "height", "duration", "error")},
            "url": absolute(shape["url"]),
            "original": absolute(f"/api/media/{row['id']}/original/"),
            **{name: row[name] for name in ("created_at", "updated_at")},
        }


def uploads(user: Any) -> Rows:
    fields = ("id", "state", "length", "metadata", "name", "media_id", "expires_at", "created_at", "updated_at")
    yield from in_chunks(UploadSession.objects.filter(owner=user).values(*fields))
