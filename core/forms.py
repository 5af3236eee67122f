"""Forms know only strings: what their fields would have been in JSON."""

from typing import Any

import orjson


def list_of(values: list[Any]) -> Any:
    """The list that a form's field stands for: JSON (`["a", "b"]`) or repeated fields; empty ones do not count."""
    texts = [value for value in values if value != ""]
    if len(texts) == 1 and isinstance(texts[0], str) and texts[0].startswith("["):
        try:
            return orjson.loads(texts[0])
        except orjson.JSONDecodeError:
            return texts
    return [_object_of(text) for text in texts]


def _object_of(text: Any) -> Any:
    if isinstance(text, str) and text.startswith("{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def number_of(text: Any) -> Any:
    """The whole number in a form's field, null for an empty one; a serializer refuses what is none."""
    if text == "":
        return None
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else text
