"""Ingredient lines as people write them: `1 1/2 cups flour, sifted` read into parts, and amounts written back.

Pure and forgiving: what is not understood stays in `food`, and the raw line is always kept beside the parts.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

QUANTITY_MAX = Decimal(99_999_999)
_PLACES = Decimal("0.0001")
# A fraction that people write has no larger denominator, and what was stored differs by no more from what was meant.
_SIMPLE, _ROUNDING = 16, Fraction(1, 20_000)

# singular -> (plural, other spellings). Metric units are written with decimals, the others with fractions.
_METRIC: dict[str, tuple[str, ...]] = {
    "g": ("g", "gr", "gram", "grams", "gramme", "grammes"),
    "kg": ("kg", "kilo", "kilos", "kilogram", "kilograms"),
    "mg": ("mg",),
    "ml": ("ml", "milliliter", "milliliters", "millilitre", "millilitres"),
    "cl": ("cl", "centiliter", "centilitre"),
    "dl": ("dl", "deciliter", "decilitre"),
    "l": ("l", "liter", "liters", "litre", "litres"),
}
_COUNTED: dict[str, tuple[str, ...]] = {
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


@dataclass(frozen=True)
class Line:
    """One ingredient. `quantity` is in `unit`s, None when the line names no amount ("salt to taste")."""

    raw: str
    quantity: Decimal | None = None
    unit: str = ""
    food: str = ""
    note: str = ""


def to_quantity(value: int | float | Fraction | Decimal) -> Decimal:
    """VALUE to four decimal places, as it is stored."""
    exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else Decimal(str(value))
    return exact.quantize(_PLACES).normalize() + 0


def parse_line(raw: str) -> Line:
    """The parts of one line. A range (`2-3 eggs`) counts as its lower end and is kept whole in the note."""
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
    return Line(
        raw=raw, quantity=quantity, unit=unit, food=food.strip()[:200], note="; ".join(filter(None, notes))[:200]
    )


def display(quantity: Decimal | float | None, unit: str) -> str:
    """The amount as people write it: `1 1/2 cups`, `250 g`; empty without a quantity."""
    if quantity is None:
        return unit
    amount = _decimal(quantity) if unit in _METRIC else _mixed(Decimal(quantity))
    many = Decimal(quantity) > 1 and unit in _COUNTED
    return f"{amount} {_COUNTED[unit][0] if many else unit}".strip()


def scaled(quantity: Decimal, factor: Fraction) -> Decimal:
    """QUANTITY times FACTOR. A third that is stored as 0.3333 counts as a third: three of them are one."""
    exact = Fraction(quantity)
    simple = exact.limit_denominator(_SIMPLE)
    return to_quantity((simple if abs(simple - exact) <= _ROUNDING else exact) * factor)


def compose(line: Line) -> str:
    """A raw line for an ingredient that came only in parts."""
    text = " ".join(filter(None, [display(line.quantity, line.unit), line.food]))
    return f"{text}, {line.note}" if line.note else text


def _unit(word: str) -> str | None:
    # "T" and "t" tell spoons apart; everything else is read in any case.
    return {"T": "tablespoon", "t": "teaspoon"}.get(word) or _UNITS.get(word.lower())


def _glued(text: str, end: int) -> bool:
    """Whether the number is part of a word that is no unit: `7up`, `00-flour`."""
    glued = re.match(r"-?([^\W\d_]+)", text[end:])
    return glued is not None and _unit(glued.group(1)) is None


def _value(match: re.Match[str]) -> Decimal | None:
    whole, above, below, number = match.groups()
    if number is not None:
        return to_quantity(Decimal(number.replace(",", ".")))
    if int(below) == 0:
        return None
    return to_quantity(int(whole or 0) + Fraction(int(above), int(below)))


def _with_plain_fractions(text: str) -> str:
    """`1½` as `1 1/2`."""
    plain: list[str] = []
    for character in text:
        if unicodedata.category(character) == "No" and "FRACTION" in unicodedata.name(character, ""):
            spelled = unicodedata.normalize("NFKC", character).replace("\u2044", "/")
            plain.append(f" {spelled}" if plain and plain[-1].isdigit() else spelled)
        else:
            plain.append(character)
    return "".join(plain)


def _decimal(quantity: Decimal | float) -> str:
    return f"{Decimal(quantity):.4f}".rstrip("0").rstrip(".")


def _mixed(quantity: Decimal) -> str:
    """Halves, thirds, quarters, sixths and eighths as fractions, when near enough to have been written so."""
    whole, part = divmod(quantity, 1)
    for below in (2, 3, 4, 6, 8):
        above = round(part * below)
        if 0 < above < below and abs(part - Decimal(above) / below) <= Decimal("0.001"):
            return f"{whole} {above}/{below}" if whole else f"{above}/{below}"
    return _decimal(quantity)
