"""The ingredient lines in `recipeIngredient`: texts, lists of them, or nodes with an amount and a name."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from recipes.json_parts import Part
from recipes.jsonld_context import Context
from recipes.markup import has_items
from recipes.quantities import QUANTITY_MAX, Line, display, parse_line, to_quantity
from recipes.serializers import FOOD_MAX, INGREDIENTS_MAX, LINE_MAX, NOTE_MAX, UNIT_MAX
from recipes.units import unit_of

DEPTH_MAX = 10
_CONTENTS = ("itemListElement", "items", "@list", "@set")


def ingredients_of(part: Part | None, supplies: Part | None, context: Context) -> list[Any]:
    """Raw lines; with their parts where `supplies`, as this program writes them, say more than the line."""
    if part is None:
        return []
    lines = _lines(part, context)
    if context.is_ours and supplies is not None and isinstance(part.value, list):
        parts = supplies.use()
        if isinstance(parts, list) and len(parts) == len(part.value):
            lines = (line and _with_parts(line, supply, context) for line, supply in zip(lines, parts, strict=False))
    return context.first("ingredients", filter(None, lines), INGREDIENTS_MAX, part)


def _lines(part: Part, context: Context) -> Iterator[str]:
    """An empty line stands where one is left out, so that lines and their supplies stay together."""
    for text in _texts(part, context):
        line = context.cut("ingredients", context.one_line(text), LINE_MAX)
        yield line if context.is_visible("ingredients", line) else ""


def _texts(part: Part, context: Context, depth: int = 0, *, is_all: bool = True) -> Iterator[str]:
    """`is_all`: a text is the whole list, one ingredient a line."""
    if depth > DEPTH_MAX:
        return
    part = context.resolved(part)
    if isinstance(part.value, str):
        lines = [context.plain(part)] if context.is_ours else context.plain(part).splitlines()
        yield from lines if is_all or has_items(part.value) else [" ".join(lines)]
    elif isinstance(part.value, list):
        items = part.items()
        for item in items:
            yield from _texts(item, context, depth + 1, is_all=is_all and len(items) == 1)
    elif numbered := part.numbered():
        for item in numbered:
            yield from _texts(item, context, depth + 1, is_all=False)
    elif isinstance(part.value, dict):
        contents = [found for name in (*_CONTENTS, "item") if (found := part.get(name)) is not None]
        for content in contents:
            yield from _texts(content, context, depth + 1)
        if not contents:
            yield _of_node(part, context)


def _of_node(node: Part, context: Context) -> str:
    """A HowToSupply or PropertyValue as a line; its text when it has one."""
    text = context.line(node.get("@value", "text"))
    words = [] if text else [*_amount(node, context), context.line(node.get("name"))]
    line = text or " ".join(filter(None, words))
    description = context.line(node.get("description"))
    return ", ".join(dict.fromkeys(filter(None, [line, description])))


def _amount(node: Part, context: Context) -> list[str]:
    amount = node.get("requiredQuantity", "value", "amount")
    own_unit = context.line(node.get("unitText"))
    if amount is None:
        return _written(node.get("minValue"), node.get("maxValue"), own_unit, context)
    amount = context.resolved(amount)
    if isinstance(amount.value, dict):
        low = amount.get("value", "minValue") or amount.get("name", "text")
        return _written(low, amount.get("maxValue"), context.line(amount.get("unitText")) or own_unit, context)
    return _written(amount, None, own_unit, context)


def _written(low: Part | None, high: Part | None, unit: str, context: Context) -> list[str]:
    """The amount as a person writes it. A number of JSON is written so that it is read as the same number."""
    ends = [part for part in (low, high) if part is not None]
    numbers = [number for part in ends if (number := _number(part)) is not None]
    if numbers and len(numbers) == len(ends) and numbers == sorted(set(numbers)):
        for part in ends:
            part.use()
        return [display(numbers[0], unit_of(unit) or unit, *numbers[1:])]
    return ["-".join(filter(None, (_end(part, context) for part in ends))), unit]


def _end(part: Part, context: Context) -> str:
    number = _number(part)
    text = context.line(part)
    return text if number is None else display(number, "")


def _number(part: Part) -> Decimal | None:
    """The number of JSON in `part`; None for a text, and for a number that no quantity can be."""
    quantity = _stored(part.value)
    return quantity if quantity or part.value == 0 else None


def _with_parts(raw: str, supply: Any, context: Context) -> Any:
    """The raw line alone when its parts are those that are read from it."""
    if not isinstance(supply, dict):
        return raw
    amount = supply.get("requiredQuantity")
    amount = amount if isinstance(amount, dict) else {}
    low, high = (_stored(amount.get(name)) for name in ("value", "maxValue"))
    if low is None or (high is not None and high <= low):
        high = None
    texts = {
        "unit": _words(amount.get("unitText"), context)[:UNIT_MAX],
        "food": _words(supply.get("name"), context)[:FOOD_MAX],
        "note": _words(supply.get("description"), context)[:NOTE_MAX],
    }
    read = parse_line(raw)
    stripped = {name: getattr(read, name).strip() for name in texts}
    if Line(raw, low, high, **texts) == Line(raw, read.quantity, read.quantity_max, **stripped):
        return raw
    return {"raw": raw, "quantity": _sent(low), "quantity_max": _sent(high), **texts}


def _words(value: Any, context: Context) -> str:
    text = context.one_line(value).strip() if isinstance(value, str) else ""
    return text if context.is_visible("ingredients", text) else ""


def _stored(value: Any) -> Decimal | None:
    """A quantity as it is stored; None for what is not one."""
    return to_quantity(value) if type(value) in (int, float) and 0 <= value <= QUANTITY_MAX else None


def _sent(quantity: Decimal | None) -> float | None:
    return None if quantity is None else float(quantity)
