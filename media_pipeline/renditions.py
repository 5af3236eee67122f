"""Renditions of a picture, or of a video's poster, on their way into the public storage."""

from django.core.files.base import ContentFile

from media_pipeline import storage
from media_pipeline.pictures import Rendered


def store_renditions(folder: str, rendered: Rendered) -> dict[str, dict[str, str | int]]:
    """Writes them to FOLDER; what `Media.renditions` is to hold."""
    public = storage.public_storage()
    stored: dict[str, dict[str, str | int]] = {}
    for name, rendition in rendered.renditions.items():
        stored[name] = {
            "jpeg": public.save(f"{folder}/{name}.jpg", ContentFile(rendition.jpeg.read_bytes())),
            "webp": public.save(f"{folder}/{name}.webp", ContentFile(rendition.webp.read_bytes())),
            "width": rendition.width,
            "height": rendition.height,
        }
    return stored
