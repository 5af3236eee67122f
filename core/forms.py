"""Forms know only strings: what their fields would have been in JSON."""

from typing import Any

from core.json_reading import read_json


def list_of(values: list[Any]) -> Any:
    """The list that a form's field stands for: JSON (`["a", "b"]`) or repeated fields; empty ones do not count."""
    texts = [value for value in values if value != ""]
    if len(texts) == 1 and isinstance(texts[0], str) and texts[0].startswith("["):
        try:
            return read_json(texts[0])
        except ValueError:
            return texts
    return [_object_of(text) for text in texts]


def _object_of(text: Any) -> Any:
    if isinstance(text, str) and text.startswith("{"):
        try:
            return read_json(text)
        except ValueError:
            return text
    return text


def number_of(text: Any) -> Any:
    """The whole number in a form's field, null for an empty one; a serializer refuses what is none."""
    if text == "":
        return None
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else text
