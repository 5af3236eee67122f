"""What a list of posts can be narrowed by: the query string, read strictly."""

from collections.abc import Mapping
from typing import Any

from django.db.models import BigIntegerField

from core.errors import Invalid
from recipes.tags import normal_tag


def filters_of(params: Mapping[str, str]) -> dict[str, Any]:
    """The parameters (posts/reads.py) that a query string asks for; Invalid for a value that means nothing."""
    found: dict[str, Any] = {}
    for name in ("author", "tag"):
        if "\x00" in params.get(name, ""):
            raise _invalid(name, "It holds the character NUL, which no text contains.")
    if (author := params.get("author")) is not None:
        if author.isascii() and author.isdigit():
            found["author"] = min(int(author[:19]), BigIntegerField.MAX_BIGINT)
        else:
            found["username"] = author.lower()
    if (tag := params.get("tag")) is not None:
        found["tag"] = normal_tag(tag)
    return found


def _invalid(parameter: str, message: str) -> Invalid:
    return Invalid(f"{parameter}: {message}", errors={parameter: [message]})
