"""What the media routes take; `PictureField` is for every route that takes a picture. Outputs are for the schema."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.body_limits import BodyLimits
from core.errors import TooLarge
from core.fields import OneLine, Opaque, WholeNumber
from core.long_values import LongValue
from media_pipeline.headers import MAX_BYTES
from media_pipeline.models import Media
from media_pipeline.services import TOO_MANY_BYTES, decode_base64
from media_pipeline.sessions import CHUNK_SIZE, CHUNK_SIZE_MAX, CHUNK_SIZE_MIN
from media_pipeline.sniffing import HEAD_BYTES, sniff

# Of views that take pictures. Beside the pictures, JSON holds a whole recipe in any script, and a form a description of
# 10,000 characters, each up to 12 bytes when percent-encoded.
WITH_PICTURES = BodyLimits(json=4 * 1024 * 1024, form=256 * 1024, pictures=True)


@extend_schema_field({"type": "string", "description": "In JSON base64, plain or as a data URL; in multipart a file."})
class PictureField(serializers.Field[bytes, Any, Any, Any]):
    """The bytes of an uploaded file or of a base64 text. TooLarge passes through: it is a 413 and no 400."""

    default_error_messages = {"invalid": "A file (multipart) or a base64 text (JSON) is required."}

    def to_internal_value(self, data: Any) -> bytes:
        if isinstance(data, str | LongValue):
            return decode_base64(data, field=self.field_name or "image")
        if not isinstance(data, UploadedFile):
            self.fail("invalid")
        self.check_size(data)
        content: bytes = data.read()
        return content

    def check_size(self, file: "UploadedFile[Any]") -> None:
        if file.size is None or file.size > MAX_BYTES:
            raise TooLarge(TOO_MANY_BYTES)


class MediaField(PictureField):
    """A video too, as large as the body of a request may be; larger ones are uploaded in chunks."""

    def check_size(self, file: "UploadedFile[Any]") -> None:
        sniffed = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        if sniffed is None or sniffed.kind != Media.Kind.VIDEO:
            super().check_size(file)


class MediaInput(serializers.Serializer[Any]):
    """One picture, under either name, or a video as `file`."""

    file = MediaField(required=False)
    image = PictureField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"file": ["Send exactly one file, as file or (a picture) as image."]})
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
        help_text=(
            "unsupported_media, truncated, too_large, original_missing or processing_failed; of videos too_long, "
            "no_video, timed_out and ffmpeg_missing; of uploads checksum_mismatch"
        ),
    )
    progress = serializers.IntegerField(help_text="percent")
    duration = serializers.FloatField(allow_null=True, help_text="seconds")
    poster = serializers.CharField(allow_null=True, help_text="of a video: its picture, of which there are renditions")
    hls_url = serializers.CharField(allow_null=True, help_text="of a video: the master playlist, as is its url")


class OriginalOutput(serializers.Serializer[Any]):
    """Where the file as it was uploaded can be fetched."""

    url = serializers.CharField(help_text="Of Simmer or of the storage; for whoever holds it, as an attachment.")
    expires_at = serializers.DateTimeField(help_text="in an hour")
    content_type = serializers.CharField(help_text="by its first bytes")
    size = serializers.IntegerField(help_text="bytes")


class UploadInput(serializers.Serializer[Any]):
    """A file to come, in chunks."""

    filename = OneLine(max_length=255, help_text="Kept as it is, and never part of a path.")
    content_type = Opaque(max_length=100, help_text="Of a picture or video; the bytes decide later.")
    length = WholeNumber(min_value=1, help_text="bytes")
    chunk_size = WholeNumber(
        min_value=CHUNK_SIZE_MIN, max_value=CHUNK_SIZE_MAX, default=CHUNK_SIZE, help_text="bytes of each but the last"
    )
    sha256 = Opaque(
        required=False,
        validators=[RegexValidator(r"\A[0-9a-fA-F]{64}\Z", "64 hexadecimal digits.")],
        help_text="Of the whole file, in hex: verified before it is worked on.",
    )


class UploadOutput(serializers.Serializer[Any]):
    """An upload of its owner. The numbers of chunks are null for a tus upload."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["open", "sealed", "processing", "ready", "failed"])
    length = serializers.IntegerField(allow_null=True, help_text="bytes; null while a tus client has not said it")
    offset = serializers.IntegerField(help_text="bytes received")
    chunk_size = serializers.IntegerField(allow_null=True)
    chunk_count = serializers.IntegerField(allow_null=True)
    received = serializers.IntegerField(allow_null=True, help_text="chunks")
    missing = serializers.IntegerField(allow_null=True, help_text="chunks")
    missing_chunks = serializers.ListField(child=serializers.IntegerField(), allow_null=True, help_text="their indices")
    expires_at = serializers.DateTimeField(help_text="later with each write")
    media_id = serializers.UUIDField(allow_null=True, help_text="once it is finalized")
    error = serializers.CharField(allow_null=True, help_text="when it failed: the code of its media")
    urls = serializers.DictField(child=serializers.CharField(), help_text="`chunks` has an `{index}` to fill in")


class ChunkOutput(serializers.Serializer[Any]):
    """A chunk that is safe."""

    index = serializers.IntegerField()
    received = serializers.IntegerField(help_text="chunks so far")
    missing = serializers.IntegerField(help_text="chunks to come")
    duplicate = serializers.BooleanField(required=False, help_text="true: the same bytes had come before")


class FinalizedOutput(serializers.Serializer[Any]):
    """What became of an upload."""

    media_id = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=["sealed", "processing", "ready", "failed"])
