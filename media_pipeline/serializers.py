"""What the media routes take; `PictureField` is for every route that takes a picture. Outputs are for the schema."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.errors import TooLarge
from media_pipeline.imaging import MAX_BYTES
from media_pipeline.models import Media
from media_pipeline.services import TOO_MANY_BYTES, decode_base64


@extend_schema_field({"type": "string", "description": "In JSON base64, plain or as a data URL; in multipart a file."})
class PictureField(serializers.Field[bytes, Any, Any, Any]):
    """The bytes of an uploaded file or of a base64 text. TooLarge passes through: it is a 413 and no 400."""

    default_error_messages = {"invalid": "A file (multipart) or a base64 text (JSON) is required."}

    def to_internal_value(self, data: Any) -> bytes:
        if isinstance(data, str):
            return decode_base64(data, field=self.field_name or "image")
        if not isinstance(data, UploadedFile):
            self.fail("invalid")
        if data.size is None or data.size > MAX_BYTES:
            raise TooLarge(TOO_MANY_BYTES)
        content: bytes = data.read()
        return content


class MediaInput(serializers.Serializer[Any]):
    """One picture, under either name."""

    file = PictureField(required=False)
    image = PictureField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"file": ["Send exactly one picture, as file or as image."]})
        return attrs

    @property
    def field_sent(self) -> str:
        """The name under which the picture came."""
        return str(next(iter(self.validated_data)))


class RenditionOutput(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="a JPEG")
    webp = serializers.CharField(help_text="the same as WebP")
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class RenditionsOutput(serializers.Serializer[Any]):
    """Empty until the status is ready."""

    thumb = RenditionOutput(required=False, help_text="fits 200 x 200")
    small = RenditionOutput(required=False, help_text="fits 400 x 400")
    large = RenditionOutput(required=False, help_text="fits 800 x 800")


class ImageOutput(serializers.Serializer[Any]):
    """A picture as part of something else."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Media.Status.choices)
    url = serializers.CharField(allow_null=True, help_text="the large rendition, null until the status is ready")
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    placeholder = serializers.CharField(allow_null=True, help_text="a thumbhash in base64")
    renditions = RenditionsOutput()


class MediaOutput(ImageOutput):
    """A file of its owner."""

    kind = serializers.ChoiceField(choices=Media.Kind.choices)
    error = serializers.CharField(
        allow_null=True,
        help_text="unsupported_media, truncated, too_large, original_missing or processing_failed",
    )
    progress = serializers.IntegerField(help_text="percent")
    duration = serializers.FloatField(allow_null=True, help_text="seconds")
    poster = serializers.CharField(allow_null=True)
    hls_url = serializers.CharField(allow_null=True)
