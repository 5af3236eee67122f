"""Read stored ingredient lines again: the reader before this one took `1 to 1 1/2 cups` for a cup.

Only parts that a reader made are replaced: those that the earlier reader, which is kept below as it was, makes of the
raw line. Where the raw line is just what the earlier writer made of the parts, an author may have sent the number
itself (1.125 g, written "1.125 g", which reads as 1125 now): such a line keeps its number.

Rows are changed in batches of their own, so that no lock is held for long; it may be run again.
"""

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import migrations

BATCH = 2_000
PARTS = ("quantity", "quantity_max", "unit", "food", "note")


def read_again(apps: Any, schema_editor: Any) -> None:
    from recipes.quantities import parse_line

    lines = apps.get_model("recipes", "Ingredient").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(lines.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        changed = []
        for line in batch:
            stored = (line.quantity, line.unit, line.food, line.note)
            if line.quantity_max is not None or _parts(line.raw) != stored:
                continue
            read = parse_line(line.raw)
            if _composed(*stored) == line.raw and read.quantity not in (None, line.quantity):
                continue
            if any(getattr(line, part) != getattr(read, part) for part in PARTS):
                for part in PARTS:
                    setattr(line, part, getattr(read, part))
                changed.append(line)
        lines.bulk_update(changed, PARTS)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('recipes', '0004_ranges_of_ingredients'),
    ]

    operations = [
        migrations.RunPython(read_again, migrations.RunPython.noop),
    ]


# The earlier reader and writer.

_METRIC = {
    "g": ("g", "gr", "gram", "grams", "gramme", "grammes"),
    "kg": ("kg", "kilo", "kilos", "kilogram", "kilograms"),
    "mg": ("mg",),
    "ml": ("ml", "milliliter", "milliliters", "millilitre", "millilitres"),
    "cl": ("cl", "centiliter", "centilitre"),
    "dl": ("dl", "deciliter", "decilitre"),
    "l": ("l", "liter", "liters", "litre", "litres"),
}
_COUNTED = {
    "cup": ("cups", "c"),
    "tablespoon": ("tablespoons",),
    "tbsp": ("tbsp", "tbsps", "tbs", "tbl"),
    "teaspoon": ("teaspoons",),
    "tsp": ("tsp", "tsps"),
    "ounce": ("ounces",),
    "oz": ("oz",),
    "pound": ("pounds",),
    "lb": ("lb", "lbs"),
    "pint": ("pints",),
    "quart": ("quarts",),
    "stick": ("sticks",),
    "pinch": ("pinches",),
    "dash": ("dashes",),
    "handful": ("handfuls",),
    "clove": ("cloves",),
    "slice": ("slices",),
    "can": ("cans",),
    "tin": ("tins",),
    "bunch": ("bunches",),
    "sprig": ("sprigs",),
    "stalk": ("stalks",),
    "piece": ("pieces",),
    "package": ("packages", "pkg"),
}
_UNITS = {
    spelling: unit
    for units in (_METRIC, _COUNTED)
    for unit, spellings in units.items()
    for spelling in (unit, *spellings)
}
_NUMBER = r"\d{1,8}(?:[.,]\d{1,4})?"
_AMOUNT = re.compile(rf"(?:(\d{{1,8}})[ -]+)?(\d{{1,4}})\s*/\s*(\d{{1,4}})|({_NUMBER})")
_RANGE = re.compile(rf"\s*(?:-|\u2013|to)\s*({_NUMBER})(?=\s|$)")
_WORD = re.compile(r"\s*([^\W\d_]+)\.?(?=\s|$|,)")
_ARTICLE = re.compile(r"an?\s+", re.IGNORECASE)


def _parts(raw: str) -> tuple[Decimal | None, str, str, str]:
    text = _with_plain_fractions(raw).strip()
    quantity, rest, notes = None, text, []
    if (match := _AMOUNT.match(text)) and not _glued(text, match.end()):
        if (quantity := _value(match)) is not None:
            rest = text[match.end() :]
            if higher := _RANGE.match(rest):
                rest = rest[higher.end() :]
                notes.append(text[: len(text) - len(rest)].strip())
    elif (article := _ARTICLE.match(text)) and (word := _WORD.match(text[article.end() :])) and _unit(word.group(1)):
        quantity, rest = Decimal(1), text[article.end() :]
    unit = ""
    if quantity is not None and (word := _WORD.match(rest)) and (known := _unit(word.group(1))):
        unit, rest = known, rest[word.end() :]
        rest = re.sub(r"^\s+of\s+", " ", rest)
    food, comma, note = rest.strip().partition(",")
    if comma:
        notes.insert(0, note.strip())
    return quantity, unit, food.strip()[:200], "; ".join(filter(None, notes))[:200]


def _composed(quantity: Decimal | None, unit: str, food: str, note: str) -> str:
    text = " ".join(filter(None, [_display(quantity, unit), food]))
    return f"{text}, {note}" if note else text


def _display(quantity: Decimal | None, unit: str) -> str:
    if quantity is None:
        return unit
    amount = _decimal(quantity) if unit in _METRIC else _mixed(Decimal(quantity))
    many = Decimal(quantity) > 1 and unit in _COUNTED
    return f"{amount} {_COUNTED[unit][0] if many else unit}".strip()


def _unit(word: str) -> str | None:
    return {"T": "tablespoon", "t": "teaspoon"}.get(word) or _UNITS.get(word.lower())


def _glued(text: str, end: int) -> bool:
    glued = re.match(r"-?([^\W\d_]+)", text[end:])
    return glued is not None and _unit(glued.group(1)) is None


def _value(match: re.Match[str]) -> Decimal | None:
    whole, above, below, number = match.groups()
    if number is not None:
        return _rounded(Fraction(number.replace(",", ".")))
    if int(below) == 0:
        return None
    return _rounded(int(whole or 0) + Fraction(int(above), int(below)))


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.0001"))


def _with_plain_fractions(text: str) -> str:
    plain: list[str] = []
    for character in text:
        if unicodedata.category(character) == "No" and "FRACTION" in unicodedata.name(character, ""):
            spelled = unicodedata.normalize("NFKC", character).replace("\u2044", "/")
            plain.append(f" {spelled}" if plain and plain[-1].isdigit() else spelled)
        else:
            plain.append(character)
    return "".join(plain)


def _decimal(quantity: Decimal) -> str:
    return f"{quantity:.4f}".rstrip("0").rstrip(".")


def _mixed(quantity: Decimal) -> str:
    whole, part = divmod(quantity, 1)
    for below in (2, 3, 4, 6, 8):
        above = round(part * below)
        if 0 < above < below and abs(part - Decimal(above) / below) <= Decimal("0.001"):
            return f"{whole} {above}/{below}" if whole else f"{above}/{below}"
    return _decimal(quantity)
