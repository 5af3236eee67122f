"""What the import of recipes takes, and recipes as schema.org/Recipe. Outputs are for the API's description."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.fetching import BYTES_MAX, URL_MAX
from core.fields import Opaque
from core.json_reading import read_json
from recipes.serializers import RecipeDetailOutput

PAGE_MAX = BYTES_MAX  # characters, as bytes of a page that is fetched


@extend_schema_field(
    {"anyOf": [{"type": "object", "additionalProperties": {}}, {"type": "array", "items": {}}, {"type": "string"}]}
)
class LinkedData(serializers.Field[Any, Any, Any, Any]):
    """JSON-LD as it is, or as the text of it."""

    default_error_messages = {"type": "JSON-LD is an object, a list, or either as a text.", "json": "No JSON: {error}."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            try:
                data = read_json(data)
            except ValueError as error:
                self.fail("json", error=error)
        if not isinstance(data, dict | list):
            self.fail("type")
        return data


class RecipeImportInput(serializers.Serializer[Any]):
    """Exactly one of the three."""

    jsonld = LinkedData(required=False, help_text="what has a schema.org/Recipe in it")
    html = Opaque(max_length=PAGE_MAX, trim_whitespace=False, required=False, help_text="a page with a recipe")
    url = Opaque(max_length=URL_MAX, required=False, help_text="where such a page is, or such JSON-LD")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Send exactly one of jsonld, html and url.")
        return attrs


class ImportedOutput(serializers.Serializer[Any]):
    recipe = RecipeDetailOutput()
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="what did not fit, for people; each begins with the field it is about"
    )


class LinkedDataOutput(serializers.Serializer[Any]):
    """schema.org/Recipe. What is not known is left out; of a locked recipe also what the JSON leaves out."""

    url = serializers.URLField()
    name = serializers.CharField()
    description = serializers.CharField(required=False)
    image = serializers.ListField(child=serializers.URLField(), required=False, help_text="the largest first")
    author = serializers.DictField(help_text="a Person")
    datePublished = serializers.DateTimeField()
    dateModified = serializers.DateTimeField()
    recipeYield = serializers.CharField(required=False, help_text="servings")
    prepTime = serializers.CharField(required=False, help_text="ISO 8601, as the next two: PT1H35M")
    cookTime = serializers.CharField(required=False)
    totalTime = serializers.CharField(required=False)
    keywords = serializers.ListField(child=serializers.CharField(), required=False, help_text="the tags")
    recipeIngredient = serializers.ListField(child=serializers.CharField(), required=False, help_text="raw lines")
    supply = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="their parts, each a HowToSupply"
    )
    recipeInstructions = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="each a HowToStep; timeRequired is its timer"
    )
    aggregateRating = serializers.DictField(required=False)
    isAccessibleForFree = serializers.BooleanField(help_text="false of a premium recipe")
    sdPublisher = serializers.DictField(help_text="Simmer: the texts are plain, without HTML")
