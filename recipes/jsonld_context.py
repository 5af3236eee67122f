"""What the readers of a schema.org/Recipe share: its texts and times as ours, and the warnings of what does not fit."""

from collections.abc import Iterable, Mapping
from itertools import groupby, islice
from typing import Any

from django.core.exceptions import ValidationError

from core.texts import as_one_line, is_one_line, shows_something
from recipes.durations import seconds_of
from recipes.json_parts import Part, words_of
from recipes.markup import plain_text

WARNINGS_MAX = 50
# Of one text, before tags and entities are taken out of it.
TEXT_MAX = 200_000
_SHOWN_MAX, _LEFT_OUT_MAX = 60, 400
_PART_MAX = 200
# More minutes than this are not a duration. Infinity and numbers that do not fit into a float are above it.
_MINUTES_MAX = 10**9


class Context:
    """`nodes` are those of the document by their @id, which are taken out as they are read.

    `is_ours`: its texts are plain, for this program wrote them.
    """

    def __init__(self, nodes: dict[str, Any], *, is_ours: bool) -> None:
        self.is_ours = is_ours
        self._nodes = nodes
        self._warnings: list[str] = []

    def warnings(self) -> list[str]:
        """What did not fit, each with its field first; the last one counts those that are too many to read."""
        if len(self._warnings) <= WARNINGS_MAX:
            return self._warnings
        more = len(self._warnings) - WARNINGS_MAX + 1
        return [*self._warnings[: WARNINGS_MAX - 1], f"recipe: {more} more things do not fit."]

    def warn(self, field: str, text: str) -> None:
        self._warnings.append(f"{field}: {text}")

    def warn_of_unused(self, root: Part, fields: Mapping[str, str]) -> None:
        """Warns of what was not read, once for each property; `fields`: what we call the properties of a recipe."""
        found: dict[tuple[str, str], list[str]] = {}
        for property_name, top in root.parts():
            field = fields.get(property_name, property_name)
            for part in top.unused():
                inner = "" if part.name == property_name else part.name
                found.setdefault((field, inner), []).append(shown(part.value, _PART_MAX))
        for (field, inner), values in found.items():
            text = ", ".join(values)
            text = text if len(text) <= _LEFT_OUT_MAX else f"{text[:_LEFT_OUT_MAX]}…"
            self.warn(field, f"{inner} {text} is left out." if inner else f"{text} is left out.")

    def resolved(self, part: Part) -> Part:
        """The node that `part` is a reference to ({"@id": ...} alone); else `part`. Each node is found once."""
        value = part.value
        if not isinstance(value, dict) or "@id" not in value or value.keys() - {"@id", "@type"}:
            return part
        node = self._nodes.pop(value["@id"], None) if isinstance(value["@id"], str) else None
        return part if node is None else part.leads_to(node)

    def text(self, part: Part | None) -> str:
        """Plain text of one or more lines; of a node the property that names it, of a list all that have words."""
        if part is None:
            return ""
        texts: list[str] = []
        waiting = [part]
        while waiting:
            part = self.resolved(waiting.pop())
            if isinstance(part.value, list):
                waiting.extend(reversed(part.items()))
            elif isinstance(part.value, dict):
                named = part.get("@value", "text", "name")
                if named is not None and not isinstance(named.value, dict | list):
                    waiting.append(named)
            elif isinstance(part.value, str | int | float) and not isinstance(part.value, bool):
                texts.append(self.plain(part))
        # A neighbour with the same words says it twice; one further on says it again.
        return "\n".join(text for text, _ in groupby(filter(None, texts)))

    def line(self, part: Part | None) -> str:
        """As `text`, in one line. What Simmer wrote is one already, and keeps its spaces."""
        return self.one_line(self.text(part))

    def one_line(self, text: str) -> str:
        return text if self.is_ours and is_one_line(text) else as_one_line(text)

    def is_visible(self, field: str, text: str) -> bool:
        """Whether `text` shows something; else warns that it is left out."""
        try:
            shows_something(text)
        except ValidationError:
            self.warn(field, f"{text[:_SHOWN_MAX]!a} shows nothing: left out.")
            return False
        return True

    def plain(self, part: Part) -> str:
        """Plain text of a text or number."""
        text = str(part.use())
        if len(text) > TEXT_MAX:
            self.warn(part.name, f"cut to {TEXT_MAX} characters before it is read.")
            text = text[:TEXT_MAX]
        return text.replace("\x00", "").strip() if self.is_ours else plain_text(text)

    def cut(self, field: str, text: str, most: int) -> str:
        if len(text) <= most:
            return text
        self.warn(field, f"cut to {most} characters.")
        return text[:most].strip()

    def first(self, field: str, found: Iterable[Any], most: int, part: Part) -> list[Any]:
        """No more of `found`, which is read from `part`, than `most`."""
        taken = list(islice(found, most + 1))
        if len(taken) > most:
            self.warn(field, f"only the first {most} are taken.")
            part.use()
        return taken[:most]

    def seconds(self, field: str, part: Part | None) -> float | None:
        """A duration; a number stands for minutes."""
        if part is None:
            return None
        part = next((item for item in part.items() if item.value not in (None, "")), part)
        inner = (part.get("@value", "maxValue", "value", "name") or part) if isinstance(part.value, dict) else part
        value = inner.use()
        seconds = None
        if isinstance(value, str):
            seconds = seconds_of(value[:100])
        elif isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MINUTES_MAX:
            seconds = value * 60.0
        if seconds is None:
            self.warn(field, f"{part.name} {shown(value)} is no duration like PT1H30M: left out.")
        return seconds


def types_of(node: Any) -> set[str]:
    """The names in `@type`, without what says that they are schema.org's."""
    types = node.get("@type") if isinstance(node, dict) else None
    names = types if isinstance(types, list) else [types]
    return {name.replace("#", "/").replace(":", "/").rpartition("/")[2] for name in names if isinstance(name, str)}


def shown(value: Any, most: int = _SHOWN_MAX) -> str:
    """The beginning of the words in `value`, for a warning."""
    text = ""
    for word in words_of(value):
        text = f"{text} {word}" if text else word
        if len(text) > most:
            return repr(f"{text[:most]}…")
    return repr(text)
