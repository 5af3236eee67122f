"""What clients may send: it ends in the plain types that the services take. Outputs are for the schema."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from core.fields import BoundedList, OneLine, Prose, WholeNumber
from core.forms import list_of, number_of
from core.texts import ONE_LINE, is_one_line
from media_pipeline.serializers import ImageOutput, PictureField
from recipes.amounts import written_number
from recipes.filters import SERVINGS_MAX
from recipes.models import Recipe
from recipes.quantities import QUANTITY_MAX, Line, compose, parse_line, to_quantity
from recipes.tags import TAG_MAX, normal_tag

NAME_MAX = 200
DESCRIPTION_MAX = 10_000
INGREDIENTS_MAX = 100
LINE_MAX, UNIT_MAX, FOOD_MAX, NOTE_MAX = 500, 40, 200, 200
STEPS_MAX = 100
STEP_MAX = 5_000
TAGS_MAX = 30
MINUTES_MAX = 525_600  # a year: hams and liqueurs
TIMER_MAX = 604_800  # a week

_LISTS = ("tags", "ingredients", "steps")
_NUMBERS = ("servings", "prep_minutes", "cook_minutes")


# A number, or the text of one. More texts than the pattern allows are accepted: "1 1/2", "½", "1,5".
_QUANTITY = {
    "oneOf": [
        {"type": "number", "minimum": 0, "maximum": int(QUANTITY_MAX)},
        {"type": "string", "pattern": r"^([0-9]{1,8}(\.[0-9]{1,4})?|[1-9]/[1-9][0-9]?)$"},
        {"type": "null"},
    ]
}
_QUANTITY_TEXT_MAX = 40


@extend_schema_field(_QUANTITY)
class Quantity(serializers.Field[Decimal, Any, float, Any]):
    """A number of units, or the text of one; kept to four decimal places."""

    default_error_messages = {
        "invalid": (
            'Send a number such as 1.5, or its text: "1.5", "1/2", "1 1/2". '
            "Write thousands without a comma, and a range as quantity and quantity_max."
        ),
        "range": f"Send a number from 0 to {QUANTITY_MAX}.",
    }

    def to_internal_value(self, data: Any) -> Decimal:
        value = data
        if isinstance(data, str):
            value = written_number(data) if len(data) <= _QUANTITY_TEXT_MAX else None
        if value is None or type(value) not in (int, float, Fraction):
            self.fail("invalid")
        if not 0 <= value <= QUANTITY_MAX:
            self.fail("range")
        return to_quantity(value)


class IngredientParts(serializers.Serializer[Line]):
    """An ingredient in parts. With `raw` alone the line is read; without `raw` it is written from the parts."""

    raw = OneLine(max_length=LINE_MAX, required=False, allow_blank=True)
    quantity = Quantity(required=False, allow_null=True)
    quantity_max = Quantity(required=False, allow_null=True)
    unit = OneLine(max_length=UNIT_MAX, required=False, allow_blank=True)
    food = OneLine(max_length=FOOD_MAX, required=False, allow_blank=True)
    note = OneLine(max_length=NOTE_MAX, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        low, high = attrs.get("quantity"), attrs.get("quantity_max")
        if high is not None and (low is None or high <= low):
            message = "quantity_max is the upper end of a range: send a quantity that is lower."
            raise serializers.ValidationError({"quantity_max": [message]})
        return attrs


_LINE = OneLine(max_length=LINE_MAX)
_PARTS = IngredientParts()


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "minLength": 1, "maxLength": LINE_MAX, "pattern": r"\S"},
            {
                "type": "object",
                "properties": {
                    "raw": {"type": "string", "maxLength": LINE_MAX},
                    "quantity": _QUANTITY,
                    "quantity_max": _QUANTITY | {"description": "the upper end of a range, above quantity"},
                    "unit": {"type": "string", "maxLength": UNIT_MAX},
                    "food": {"type": "string", "maxLength": FOOD_MAX},
                    "note": {"type": "string", "maxLength": NOTE_MAX},
                },
                "anyOf": [
                    {"required": ["raw"], "properties": {"raw": {"type": "string", "pattern": r"\S"}}},
                    {"required": ["food"], "properties": {"food": {"type": "string", "pattern": r"\S"}}},
                ],
            },
        ]
    }
)
class IngredientField(serializers.Field[Line, Any, dict[str, Any], Any]):
    """A raw line as a string, or an object of parts."""

    default_error_messages = {
        "type": "A line of text or an object is required.",
        "empty": "Either raw or food is required.",
    }

    def to_internal_value(self, data: Any) -> Line:
        if isinstance(data, str):
            return parse_line(_LINE.run_validation(data))
        if not isinstance(data, dict):
            self.fail("type")
        parts = _PARTS.run_validation(data)
        raw = parts.pop("raw", "")
        if not any(parts.values()) and raw:
            return parse_line(raw)
        line = Line(
            raw=raw,
            quantity=parts.get("quantity"),
            quantity_max=parts.get("quantity_max"),
            unit=parts.get("unit", ""),
            food=parts.get("food", ""),
            note=parts.get("note", ""),
        )
        if not (raw or line.food):
            self.fail("empty")
        return replace(line, raw=raw or compose(line))


class StepParts(serializers.Serializer[Any]):
    text = Prose(max_length=STEP_MAX)
    timer_seconds = WholeNumber(min_value=1, max_value=TIMER_MAX, required=False, allow_null=True)


_TEXT = Prose(max_length=STEP_MAX)
_STEP = StepParts()


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "minLength": 1, "maxLength": STEP_MAX, "pattern": r"\S"},
            {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "minLength": 1, "maxLength": STEP_MAX, "pattern": r"\S"},
                    "timer_seconds": {"type": ["integer", "null"], "minimum": 1, "maximum": TIMER_MAX},
                },
                "required": ["text"],
            },
        ]
    }
)
class StepField(serializers.Field[tuple[str, int | None], Any, dict[str, Any], Any]):
    """A step's text, or an object of text and timer; becomes (text, timer in seconds or None)."""

    default_error_messages = {"type": "A text or an object is required."}

    def to_internal_value(self, data: Any) -> tuple[str, int | None]:
        if isinstance(data, str):
            return _TEXT.run_validation(data), None
        if not isinstance(data, dict):
            self.fail("type")
        parts = _STEP.run_validation(data)
        return parts["text"], parts.get("timer_seconds")


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": TAG_MAX, "pattern": r"[^\s#]"})
class TagField(OneLine):
    """A word or a few; becomes the tag's normal name."""

    default_error_messages = {
        "empty": "A tag needs at least one character besides #.",
        "long": f"A tag has at most {TAG_MAX} characters.",
        "line": str(ONE_LINE.message),
    }

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        # Before it is normalized, which takes as long as the text is. Composing may shorten it, but not so much.
        if len(text) > 4 * TAG_MAX:
            self.fail("long")
        if not is_one_line(text):  # normalizing would turn line breaks into spaces
            self.fail("line")
        name = normal_tag(text)
        if not name:
            self.fail("empty")
        if len(name) > TAG_MAX:
            self.fail("long")
        return name


class _RecipeFields(serializers.Serializer[Any]):
    name = OneLine(max_length=NAME_MAX)
    description = Prose(max_length=DESCRIPTION_MAX, allow_blank=True, required=False)
    servings = WholeNumber(min_value=1, max_value=SERVINGS_MAX, allow_null=True, required=False)
    prep_minutes = WholeNumber(min_value=0, max_value=MINUTES_MAX, allow_null=True, required=False)
    cook_minutes = WholeNumber(min_value=0, max_value=MINUTES_MAX, allow_null=True, required=False)
    visibility = serializers.ChoiceField(
        choices=Recipe.Visibility.choices,
        required=False,
        help_text="of a premium recipe everyone sees name, image and tags, and premium users the rest",
    )
    image_id = serializers.UUIDField(required=False, allow_null=True)


class RecipeInput(_RecipeFields):
    """A recipe as its author writes it. In a PATCH every field is optional, and a list that is given replaces all."""

    tags = BoundedList(child=TagField(), max_length=TAGS_MAX, required=False)
    ingredients = BoundedList(child=IngredientField(), max_length=INGREDIENTS_MAX, required=False)
    steps = BoundedList(child=StepField(), max_length=STEPS_MAX, required=False)
    image = PictureField(required=False, allow_null=True)

    def validate_tags(self, names: list[str]) -> list[str]:
        return list(dict.fromkeys(names))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "image" in attrs and "image_id" in attrs:
            raise serializers.ValidationError({"image": ["Send either image or image_id."]})
        return attrs


@extend_schema_field({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "maxLength": 0}]})
class FormUUID(serializers.UUIDField):
    """A UUID in a form, where "" stands for null."""


class RecipeForm(_RecipeFields):
    """The same as a form, with the picture as a file. Lists are JSON (`["a", "b"]`) or repeated fields."""

    tags = serializers.CharField(required=False)
    ingredients = serializers.CharField(required=False)
    steps = serializers.CharField(required=False)
    image = serializers.FileField(required=False)
    image_id = FormUUID(required=False)


class RatingInput(serializers.Serializer[Any]):
    score = WholeNumber(min_value=1, max_value=5)
    review = Prose(max_length=2_000, allow_blank=True, required=False, default="")


def recipe_data(data: Any) -> Any:
    """The body of a request as JSON would have given it.

    Forms know only strings: lists may be JSON (`["a", "b"]`) or repeated fields, numbers are read, an empty number or
    image is null.
    """
    if not isinstance(data, QueryDict):
        return data
    plain: dict[str, Any] = data.dict()
    for name in _LISTS:
        if name in data:
            plain[name] = list_of(data.getlist(name))
    for name in _NUMBERS:
        if name in data:
            plain[name] = number_of(plain[name])
    for name in ("image", "image_id"):
        if plain.get(name) == "":
            plain[name] = None
    return plain


class PersonOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    picture = serializers.CharField(help_text="the small rendition; initials on a colour when there is none")
    role = serializers.ChoiceField(choices=User.Role.choices)


class RecipeOutput(serializers.Serializer[Any]):
    """A recipe as lists show it: ingredients and steps are in its own address."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    image = ImageOutput(allow_null=True)
    servings = serializers.IntegerField(allow_null=True)
    prep_minutes = serializers.IntegerField(allow_null=True)
    cook_minutes = serializers.IntegerField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    seller = PersonOutput()
    avg_rating = serializers.FloatField(allow_null=True, help_text="to two decimals; null when nobody has rated it")
    rating_count = serializers.IntegerField()
    my_rating = serializers.IntegerField(allow_null=True, help_text="the viewer's own score")
    like_count = serializers.IntegerField()
    comment_count = serializers.IntegerField()
    is_liked = serializers.BooleanField()
    is_saved = serializers.BooleanField()
    visibility = serializers.ChoiceField(choices=Recipe.Visibility.choices)
    locked = serializers.BooleanField(
        help_text="true when you lack premium: then description, ingredients and steps are left out (empty)"
    )
    post_id = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(help_text="goes up with each edit; what If-Match compares")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class IngredientOutput(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    quantity = serializers.FloatField(allow_null=True, help_text="of a range the lower end")
    quantity_max = serializers.FloatField(allow_null=True, help_text="the upper end of a range; null: not a range")
    unit = serializers.CharField(allow_blank=True)
    food = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    raw = serializers.CharField(help_text="the line as its author wrote it")
    display = serializers.CharField(allow_blank=True, help_text="the amount as people write it: 1 1/2 cups, 2-3 cups")


class StepOutput(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    text = serializers.CharField()
    timer_seconds = serializers.IntegerField(allow_null=True)


class RecipeDetailOutput(RecipeOutput):
    ingredients = IngredientOutput(many=True)
    steps = StepOutput(many=True)


class RatingOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    recipe_id = serializers.IntegerField()
    user = PersonOutput()
    score = serializers.IntegerField()
    review = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class RatedOutput(RatingOutput):
    avg_rating = serializers.FloatField(help_text="the recipe's, with this rating")
    rating_count = serializers.IntegerField(help_text="the recipe's, with this rating")
