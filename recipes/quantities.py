"""Ingredient lines as people write them: `1 1/2 cups flour, sifted` read into parts, and amounts written back.

Pure. recipes/amounts.py has the grammar of amounts. A line whose amount cannot be read to its end has no quantity and
is kept whole; the raw line is always kept beside the parts. What is written from the parts of a line that was read
is read as the same parts.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from recipes.ambiguous_amounts import looks_like_count_and_size
from recipes.amounts import NUMBER_MAX, Amount, AmountReader, Measure, Unreadable
from recipes.other_amounts import other_amounts_removed
from recipes.plain_signs import plain
from recipes.units import METRIC, OTHERS, groups_thousands

QUANTITY_MAX = Decimal(NUMBER_MAX)
_PLACES = Decimal("0.0001")
# A fraction that people write has no larger denominator, and what was stored differs by no more from what was meant.
_SIMPLE, _ROUNDING = 16, Fraction(1, 20_000)
_WRITTEN_FRACTIONS = (2, 3, 4, 6, 8)
_PART_MAX = 200

_OF = re.compile(r"(?: +of(?= ))+", re.IGNORECASE)
# A digit may follow a unit alone: 1 cup 2% milk.
_FOOD = re.compile(r"$| *[,(\[]| +(?:[^\W\d_]|[\"\u201c\u201d'\u2018\u00ab])")
_FOOD_AFTER_UNIT = re.compile(rf"{_FOOD.pattern}| +[0-9]|(?<=\))\w")


@dataclass(frozen=True)
class Line:
    """One ingredient. `quantity` to `quantity_max` is in `unit`s.

    `quantity` is None when the line names no amount ("salt to taste"), `quantity_max` when the amount is not a range.
    """

    raw: str
    quantity: Decimal | None = None
    quantity_max: Decimal | None = None
    unit: str = ""
    food: str = ""
    note: str = ""


def to_quantity(value: int | float | Fraction | Decimal) -> Decimal:
    """`value` to four decimal places, as it is stored."""
    exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else Decimal(str(value))
    return exact.quantize(_PLACES).normalize() + 0


def parse_line(raw: str) -> Line:
    """The parts of one line."""
    try:
        line = _read(raw)
        # What was read and would be written in words that mean something else was not understood.
        if line.quantity is not None and replace(_read(compose(line)), raw=raw) != line:
            raise Unreadable
    except Unreadable:
        return Line(raw, food=raw.strip()[:_PART_MAX].strip())
    return line


def display(quantity: Decimal | float | None, unit: str, quantity_max: Decimal | float | None = None) -> str:
    """The amount as people write it: `1 1/2 cups`, `2-3 cups`, `250 g`; the unit alone without a quantity."""
    if quantity is None:
        return unit
    ends = [Decimal(str(end)) for end in (quantity, quantity_max) if end is not None]
    dash = " to " if looks_like_count_and_size(ends[0], ends[-1], unit) else "-"
    amount = dash.join(_decimal(end, unit) if unit in METRIC else _mixed(end, unit) for end in ends)
    return f"{amount} {OTHERS[unit][0] if ends[-1] > 1 and unit in OTHERS else unit}".strip()


def scaled(quantity: Decimal, factor: Fraction) -> Decimal:
    """`quantity` times `factor`. A third that is stored as 0.3333 counts as a third: three of them are one."""
    exact = Fraction(quantity)
    simple = exact.limit_denominator(_SIMPLE)
    return to_quantity((simple if abs(simple - exact) <= _ROUNDING else exact) * factor)


def compose(line: Line) -> str:
    """The line written from its parts; a line that names no amount as it is, when it has a raw line."""
    if line.quantity is None and line.raw:
        return line.raw
    text = " ".join(filter(None, [display(line.quantity, line.unit, line.quantity_max), line.food]))
    return f"{text}, {line.note}" if line.note else text


def _read(raw: str) -> Line:
    text = raw.strip()
    reader = AmountReader(plain(text))
    amount = reader.amount()
    if amount is None:
        food, _, note = text.partition(",")
        return Line(raw, food=food.strip()[:_PART_MAX].strip(), note=note.strip()[:_PART_MAX].strip())
    if amount.unit and (of := _OF.match(reader.text, reader.at)):
        reader.at = of.end()
    if not (_FOOD_AFTER_UNIT if amount.unit else _FOOD).match(reader.text, reader.at):
        raise Unreadable
    food, note = other_amounts_removed(text[reader.at :], amount.unit)
    return _line(raw, amount, food, note)


def _line(raw: str, amount: Amount, food: str, note: str) -> Line:
    quantity, quantity_max = _stored(amount)
    size = "" if amount.size is None else f"{display(*_display_of(amount.size))} each"
    return Line(
        raw,
        quantity=quantity,
        quantity_max=quantity_max,
        unit=amount.unit,
        food=food[:_PART_MAX].strip(),
        note=", ".join(filter(None, [size, note]))[:_PART_MAX].strip(),
    )


def _stored(measure: Measure) -> tuple[Decimal, Decimal | None]:
    """Both ends as they are stored. Raises Unreadable when rounding makes another amount of them."""
    low = to_quantity(measure.low)
    high = None if measure.high is None else to_quantity(measure.high)
    if (measure.low and not low) or (high is not None and low >= high):
        raise Unreadable
    return low, high


def _display_of(measure: Measure) -> tuple[Decimal, str, Decimal | None]:
    low, high = _stored(measure)
    return low, measure.unit, high


def _decimal(quantity: Decimal, unit: str) -> str:
    """`quantity` with four places at most, and never three of them where they would be read as thousands."""
    text = f"{quantity:.4f}".rstrip("0").rstrip(".")
    whole, _, decimals = text.partition(".")
    return f"{text}0" if len(decimals) == 3 and whole != "0" and groups_thousands(unit) else text


def _mixed(quantity: Decimal, unit: str) -> str:
    """Halves, thirds, quarters, sixths and eighths as fractions, when the stored number is just that."""
    whole, part = divmod(quantity, 1)
    for below in _WRITTEN_FRACTIONS:
        above = round(part * below)
        if 0 < above < below and to_quantity(Fraction(above, below)) == to_quantity(part):
            return f"{whole} {above}/{below}" if whole else f"{above}/{below}"
    return _decimal(quantity, unit)
