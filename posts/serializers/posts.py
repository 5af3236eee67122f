"""Posts as clients write them, at once or for later; the outputs are for the schema."""

from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.fields import BoundedList, Prose, WholeNumber
from core.forms import list_of, number_of
from media_pipeline.serializers import ImageOutput, MediaOutput, PictureField
from posts.models import Post
from posts.models.posts import TEXT_MAX
from posts.services.content import PICTURES_MAX
from recipes.serializers import FormUUID, PersonOutput

_CONTENT = ("text", "visibility", "media_ids", "recipe_id")


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-12-24T18:00:00+01:00"})
class Moment(serializers.Field[datetime, Any, str, Any]):
    """A time in ISO 8601 with its zone: without one it would be a different time for everyone."""

    default_error_messages = {
        "invalid": "A time in ISO 8601 with its zone is required: 2026-12-24T18:00:00Z.",
        "zone": "Which zone? End it with Z, or with an offset like +01:00.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            moment = parse_datetime(data) if isinstance(data, str) else None
        except ValueError:  # well-formed, and no time: February 30th
            moment = None
        if moment is None:
            self.fail("invalid")
        if moment.tzinfo is None:
            self.fail("zone")
        return moment


_PICTURE = {"type": "string", "description": "In JSON base64, plain or as a data URL; in multipart a file."}


@extend_schema_field({"oneOf": [_PICTURE, {"type": "array", "items": _PICTURE, "maxItems": PICTURES_MAX}]})
class PicturesField(serializers.Field[list[bytes], Any, Any, Any]):
    """New pictures: one or a list of them; becomes a list."""

    default_error_messages = {"many": f"At most {PICTURES_MAX} pictures."}

    def to_internal_value(self, data: Any) -> list[bytes]:
        pictures = data if isinstance(data, list) else [data]
        if len(pictures) > PICTURES_MAX:
            self.fail("many")
        field = PictureField()
        field.bind("image", self)  # type: ignore[arg-type]
        return [field.to_internal_value(picture) for picture in pictures]


class _PostFields(serializers.Serializer[Any]):
    text = Prose(max_length=TEXT_MAX, allow_blank=True, trim_whitespace=False, required=False)
    visibility = serializers.ChoiceField(
        choices=Post.Visibility.choices,
        required=False,
        help_text="of a premium post everyone sees pictures and tags, and premium users the rest",
    )
    recipe_id = WholeNumber(
        min_value=1,
        max_value=BigIntegerField.MAX_BIGINT,
        required=False,
        allow_null=True,
        help_text="a recipe that you cooked",
    )


class PostChanges(_PostFields):
    """A post as its author writes it. In a PATCH every field is optional, and media that are given replace all.

    At most ten pictures, or one video: `media_ids` are your own, in your order; `image` is new ones, after them.
    """

    media_ids = BoundedList(child=serializers.UUIDField(), max_length=PICTURES_MAX, required=False)
    image = PicturesField(required=False, source="images")

    def content(self) -> dict[str, Any]:
        """What the services take."""
        return {name: value for name, value in self.validated_data.items() if name in (*_CONTENT, "images")}


class PostInput(PostChanges):
    publish_at = Moment(
        required=False,
        help_text="at least a minute ahead, at most a year: the post is scheduled",
    )


class ScheduledChanges(PostChanges):
    """As for a published post, and `publish_at`: another time, or null to publish it now."""

    publish_at = Moment(required=False, allow_null=True)


@extend_schema_field({"oneOf": [{"type": "string", "format": "date-time"}, {"type": "string", "maxLength": 0}]})
class FormMoment(Moment):
    """A field of a form that is left empty is absent (`post_data`)."""


class PostForm(_PostFields):
    """The same as a form, with the pictures as files. A list is JSON (`["a", "b"]`) or repeated fields."""

    media_ids = serializers.ListField(child=FormUUID(), required=False)
    image = serializers.ListField(child=serializers.FileField(), required=False)
    publish_at = FormMoment(required=False)


def post_data(data: Any) -> Any:
    """The body of a request as JSON would have given it: see core/forms.py. An empty `publish_at` is absent."""
    if not isinstance(data, QueryDict):
        return data
    plain: dict[str, Any] = data.dict()
    if "media_ids" in data:
        plain["media_ids"] = list_of(data.getlist("media_ids"))
    if "recipe_id" in data:
        plain["recipe_id"] = number_of(plain["recipe_id"])
    if "image" in data:
        plain["image"] = [file for file in data.getlist("image") if file != ""]
    if plain.get("publish_at") == "":
        del plain["publish_at"]
    return plain


class ShortRecipeOutput(serializers.Serializer[Any]):
    """A recipe beside something else: what everyone may see of it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    image = ImageOutput(allow_null=True)
    seller = PersonOutput()
    avg_rating = serializers.FloatField(allow_null=True)
    rating_count = serializers.IntegerField()
    locked = serializers.BooleanField(help_text="true when you lack premium")


class ShownPostOutput(serializers.Serializer[Any]):
    """A post as another shows it."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Post.Kind.choices)
    author = PersonOutput()
    text = serializers.CharField(allow_blank=True)
    media = MediaOutput(many=True)
    recipe = ShortRecipeOutput(allow_null=True, help_text="what it announces, or the author cooked")
    tags = serializers.ListField(child=serializers.CharField())
    like_count = serializers.IntegerField()
    dislike_count = serializers.IntegerField(allow_null=True, help_text="told to the author alone, null to others")
    comment_count = serializers.IntegerField()
    repost_count = serializers.IntegerField()
    save_count = serializers.IntegerField()
    view_count = serializers.IntegerField()
    is_liked = serializers.BooleanField()
    is_disliked = serializers.BooleanField()
    is_saved = serializers.BooleanField()
    is_reposted = serializers.BooleanField()
    visibility = serializers.ChoiceField(choices=Post.Visibility.choices)
    locked = serializers.BooleanField(
        help_text="true when you lack premium: then text is left out (empty), and a video"
    )
    status = serializers.ChoiceField(choices=Post.Status.choices)
    publish_at = serializers.DateTimeField(allow_null=True, help_text="when it is or was due, of a scheduled post")
    published_at = serializers.DateTimeField(help_text="what lists sort by")
    version = serializers.IntegerField(help_text="goes up with each edit; what If-Match compares")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PostOutput(ShownPostOutput):
    """A post. Counters and your own likes and saves are, of a repost, those of what it shows."""

    original = ShownPostOutput(allow_null=True, help_text="what a repost shows, null of all others")
