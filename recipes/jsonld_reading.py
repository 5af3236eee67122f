"""schema.org/Recipe read as the recipe that a client would send (RecipeInput), with warnings of what does not fit.

Pure and forgiving, for each site writes it in a way of its own. A warning begins with the field that it is about.
"""

import html
import re
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from recipes.filters import SERVINGS_MAX
from recipes.jsonld import PUBLISHER
from recipes.quantities import QUANTITY_MAX, Line, parse_line, to_quantity
from recipes.serializers import (
    DESCRIPTION_MAX,
    FOOD_MAX,
    INGREDIENTS_MAX,
    LINE_MAX,
    MINUTES_MAX,
    NAME_MAX,
    NOTE_MAX,
    STEP_MAX,
    STEPS_MAX,
    TAGS_MAX,
    TIMER_MAX,
    UNIT_MAX,
)
from recipes.tags import TAG_MAX, normal_tag

# How far a recipe is looked for, and how deep sections lie in sections.
NODES_MAX, DEPTH_MAX = 10_000, 5
WARNINGS_MAX = 50
# Where a document has things of which one may be the recipe.
_LEADS_ON = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "hasPart", "about")
# Longer texts are cut before they are looked at.
_TEXT_MAX = 4 * DESCRIPTION_MAX

_BREAK = re.compile(r"<(?:br|/p|/li|/div)\b[^<>]*>", re.IGNORECASE)
_MARKUP = re.compile(r"<[A-Za-z/!][^<>]*>")
_N = r"(\d{1,8}(?:[.,]\d{1,6})?)"
_DURATION = re.compile(rf"P(?:{_N}W)?(?:{_N}D)?(?:T(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?")
_SECONDS = (604_800, 86_400, 3_600, 60, 1)
_WHOLE = re.compile(r"\d+")


class Draft(NamedTuple):
    """`data` is for RecipeInput."""

    data: dict[str, Any]
    warnings: list[str]


def recipe_node(document: Any) -> dict[str, Any] | None:
    """The first schema.org/Recipe of a JSON-LD DOCUMENT, however it is wrapped; None when there is none."""
    nodes, seen = deque([document]), 0
    while nodes and seen < NODES_MAX:
        node, seen = nodes.popleft(), seen + 1
        if isinstance(node, list):
            nodes.extend(node[:NODES_MAX])
        elif isinstance(node, dict):
            if "Recipe" in _types(node):
                return node
            nodes.extend(node[name] for name in _LEADS_ON if name in node)
    return None


def draft_of(node: dict[str, Any]) -> Draft | None:
    """The recipe of NODE; None when it has no name."""
    return _Reading(node).draft()


def seconds_of(duration: str) -> float | None:
    """ISO 8601's PT1H30M in seconds. None for what is none, or has years or months, which are no fixed time."""
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None or not any(match.groups()):
        return None
    parts = zip(match.groups(), _SECONDS, strict=True)
    return sum(float(number.replace(",", ".")) * unit for number, unit in parts if number)


class _Reading:
    def __init__(self, node: dict[str, Any]) -> None:
        self._node = node
        self._warnings: list[str] = []
        publisher = node.get("sdPublisher")
        self._is_ours = isinstance(publisher, dict) and publisher.get("name") == PUBLISHER

    def draft(self) -> Draft | None:
        name = self._cut("name", self._line(self._node.get("name")), NAME_MAX)
        if not name:
            return None
        data: dict[str, Any] = {"name": name}
        if description := self._text(self._node.get("description")):
            data["description"] = self._cut("description", description, DESCRIPTION_MAX)
        data["servings"] = self._servings()
        data["prep_minutes"], data["cook_minutes"] = self._times()
        data["tags"] = self._tags()
        data["ingredients"] = self._ingredients()
        data["steps"] = self._steps()
        if self._is_ours and self._node.get("isAccessibleForFree") is False:
            data["visibility"] = "premium"
        if self._node.get("image"):
            self._warn("image", "pictures are not fetched; add one by PATCH.")
        return Draft(data, self._warnings)

    def _warn(self, field: str, text: str) -> None:
        if len(self._warnings) < WARNINGS_MAX:
            self._warnings.append(f"{field}: {text}")

    # --- texts ---

    def _text(self, value: Any) -> str:
        """VALUE as plain text of one or more lines; of what is no text, that which names it."""
        while isinstance(value, list):
            value = value[0] if value else ""
        if isinstance(value, dict):
            value = next((value[key] for key in ("@value", "text", "name") if isinstance(value.get(key), str)), "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return ""
        text = value[:_TEXT_MAX].replace("\x00", "")
        if self._is_ours:
            return text.strip()
        text = html.unescape(_MARKUP.sub("", _BREAK.sub("\n", text))).replace("\x00", "")
        return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))

    def _line(self, value: Any) -> str:
        text = self._text(value)
        return text if self._is_ours else " ".join(text.split())

    def _cut(self, field: str, text: str, most: int) -> str:
        if len(text) <= most:
            return text
        self._warn(field, f"cut to {most} characters.")
        return text[:most].strip()

    def _first(self, field: str, found: Iterable[Any], most: int) -> list[Any]:
        """No more of FOUND is read than that."""
        taken = list(islice(found, most + 1))
        if len(taken) > most:
            self._warn(field, f"only the first {most} are taken.")
        return taken[:most]

    # --- numbers and times ---

    def _servings(self) -> int | None:
        values = self._node.get("recipeYield", self._node.get("yield"))
        for value in values if isinstance(values, list) else [values]:
            text = self._line(value.get("value") if isinstance(value, dict) else value)
            if match := _WHOLE.search(text):
                if len(match[0]) < 5 and 1 <= int(match[0]) <= SERVINGS_MAX:
                    return int(match[0])
                self._warn("servings", f"{_shown(text)} is not from 1 to {SERVINGS_MAX}: left out.")
                return None
        if values not in (None, "", []):
            self._warn("servings", f"{_shown(values)} has no number: left out.")
        return None

    def _times(self) -> tuple[int | None, int | None]:
        """Minutes of preparing and of cooking. What only the total has is cooking."""
        prep, cook = self._minutes("prepTime", "prep_minutes"), self._minutes("cookTime", "cook_minutes")
        if cook is None and self._node.get("totalTime"):
            total = self._minutes("totalTime", "cook_minutes")
            if total is not None and total > (prep or 0):
                cook = total - (prep or 0)
                self._warn("cook_minutes", f"{cook}, which is the total time without that of preparing.")
        return prep, cook

    def _minutes(self, name: str, field: str) -> int | None:
        seconds = self._duration(name, self._node.get(name), field)
        if seconds is not None and seconds > MINUTES_MAX * 60:
            self._warn(field, f"{_shown(self._node[name])} is longer than a year: left out.")
            return None
        return None if seconds is None else round(seconds / 60)

    def _duration(self, name: str, value: Any, field: str) -> float | None:
        if value in (None, "", [], {}):
            return None
        text = value.get("maxValue", value.get("@value")) if isinstance(value, dict) else value
        seconds = seconds_of(text[:100]) if isinstance(text, str) else None
        if seconds is None:
            self._warn(field, f"{name} {_shown(text)} is no duration like PT1H30M: left out.")
        return seconds

    # --- lists ---

    def _tags(self) -> list[str]:
        return self._first("tags", self._tag_names(), TAGS_MAX)

    def _tag_names(self) -> Iterator[str]:
        """Normal names, each once."""
        seen = {""}
        for text in self._keywords():
            # Longer than a tag however it is written, and not worth normalizing.
            name = normal_tag(text) if len(text) <= 4 * TAG_MAX else text
            if len(name) > TAG_MAX:
                self._warn("tags", f"{_shown(name)} is longer than {TAG_MAX} characters: left out.")
            elif name not in seen:
                seen.add(name)
                yield name

    def _keywords(self) -> Iterator[str]:
        """Those of ours are whole, for a tag may have a comma."""
        for field in ("keywords",) if self._is_ours else ("keywords", "recipeCategory", "recipeCuisine"):
            values = self._node.get(field)
            for value in values[:NODES_MAX] if isinstance(values, list) else [values]:
                text = self._line(value)
                yield from [text] if self._is_ours else text.split(",")

    def _ingredients(self) -> list[Any]:
        return self._first("ingredients", self._lines(), INGREDIENTS_MAX)

    def _lines(self) -> Iterator[Any]:
        values = self._node.get("recipeIngredient", self._node.get("ingredients"))
        if isinstance(values, str):
            values = self._text(values).splitlines()
        values = values if isinstance(values, list) else []
        supplies = self._node.get("supply")
        if not self._is_ours or not isinstance(supplies, list) or len(supplies) != len(values):
            supplies = [None] * len(values)
        for value, supply in zip(values, supplies, strict=True):
            if raw := self._line(_amount_and_name(value) if isinstance(value, dict) else value):
                yield self._with_parts(self._cut("ingredients", raw, LINE_MAX), supply)

    def _with_parts(self, raw: str, supply: Any) -> Any:
        """The raw line alone when its parts are those that are read from it; so it is for what is no supply."""
        if not isinstance(supply, dict):
            return raw
        amount = supply.get("requiredQuantity")
        amount = amount if isinstance(amount, dict) else {}
        low, high = (_stored(amount.get(name)) for name in ("value", "maxValue"))
        if low is None or (high is not None and high <= low):
            high = None
        texts = {
            "unit": self._text(amount.get("unitText"))[:UNIT_MAX],
            "food": self._text(supply.get("name"))[:FOOD_MAX],
            "note": self._text(supply.get("description"))[:NOTE_MAX],
        }
        read = parse_line(raw)
        stripped = {name: getattr(read, name).strip() for name in texts}
        if Line(raw, low, high, **texts) == Line(raw, read.quantity, read.quantity_max, **stripped):
            return raw
        return {"raw": raw, "quantity": _sent(low), "quantity_max": _sent(high), **texts}

    def _steps(self) -> list[dict[str, Any]]:
        return self._first("steps", self._steps_in(self._node.get("recipeInstructions")), STEPS_MAX)

    def _steps_in(self, value: Any, *, heading: str = "", depth: int = 0) -> Iterator[dict[str, Any]]:
        """The steps of a text, a step, a section or a list of such; a section's heading goes before its first step."""
        if depth > DEPTH_MAX:
            return
        if isinstance(value, str):
            # Of a list each text is a step, however many lines it has.
            for line in self._text(value).splitlines() if depth == 0 else [self._text(value)]:
                yield from self._step(line, None, heading)
                heading = ""
        elif isinstance(value, list):
            for part in value:
                for step in self._steps_in(part, heading=heading, depth=depth + 1):
                    heading = ""
                    yield step
        elif isinstance(value, dict):
            parts = value.get("itemListElement")
            if _types(value) & {"HowToSection", "ItemList"} or (parts and "text" not in value):
                own = self._line(value.get("name"))
                if "HowToStep" in _types(value):  # of directions and tips
                    texts = [self._text(part) for part in (parts if isinstance(parts, list) else [parts])]
                    yield from self._step(" ".join(filter(None, texts)), value.get("timeRequired"), heading)
                else:
                    yield from self._steps_in(parts, heading=own or heading, depth=depth + 1)
            else:
                yield from self._step(self._text(value), value.get("timeRequired"), heading)

    def _step(self, text: str, time: Any, heading: str) -> Iterator[dict[str, Any]]:
        if not text:
            return
        text = self._cut("steps", f"{heading.rstrip(':')}: {text}" if heading else text, STEP_MAX)
        seconds = self._duration("timeRequired", time, "steps")
        timer = None if seconds is None else round(seconds)
        if timer is not None and not 1 <= timer <= TIMER_MAX:
            self._warn("steps", f"the timer {_shown(time)} is not from a second to a week: left out.")
            timer = None
        yield {"text": text, "timer_seconds": timer}


def _types(node: dict[str, Any]) -> set[str]:
    """The names in `@type`, without what says that they are schema.org's."""
    types = node.get("@type")
    return {
        re.split(r"[/:#]", name)[-1]
        for name in (types if isinstance(types, list) else [types])
        if isinstance(name, str)
    }


def _amount_and_name(value: dict[str, Any]) -> str:
    """A line of what is written as a PropertyValue or a HowToSupply; its text when it has one."""
    if isinstance(value.get("text"), str):
        return str(value["text"])
    words = (value.get("value"), value.get("unitText"), value.get("name"))
    return " ".join(str(word) for word in words if isinstance(word, str | int | float) and word != "")


def _stored(value: Any) -> Decimal | None:
    """A quantity as it is stored; None for what is not one."""
    return to_quantity(value) if type(value) in (int, float) and 0 <= value <= QUANTITY_MAX else None


def _sent(quantity: Decimal | None) -> float | None:
    return None if quantity is None else float(quantity)


def _shown(value: Any) -> str:
    """The beginning of VALUE, for a warning."""
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
