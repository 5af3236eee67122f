"""For how many a recipe is, as sites write it: `Serves 4`, `About 3 dozen`, `1,000 cookies`, `4-6`."""

import re
from fractions import Fraction
from typing import NamedTuple

from recipes.amounts import AmountReader, Unreadable, decimal_value
from recipes.plain_signs import plain

_DOZEN = re.compile(r" *dozen\b", re.IGNORECASE)
_A_DOZEN = re.compile(r"\b(?:a|one) dozen\b", re.IGNORECASE)
_START = re.compile(r"(?<![0-9.,])(?:(?<![^\s(])-)?(?=\.?[0-9]|[\u00bc-\u00be\u2150-\u215f])")


class Yield(NamedTuple):
    """`number` as it is written; `rest` says what of the text is not in it (empty: nothing)."""

    number: Fraction
    rest: str


def yield_of(text: str) -> Yield | None:
    """The number in `text`, the lower one of a range; None when it has none that can be read."""
    words = plain(text)
    start = _START.search(words)
    if start is None:
        return Yield(Fraction(12), "") if _A_DOZEN.search(words) else None
    reader = AmountReader(words, start.end())
    try:
        count = reader.count()
    except Unreadable:
        return None
    if count is None:
        return None
    low, high = (decimal_value(end, "") if isinstance(end, str) else end for end in count)
    if low is None:
        return None
    times = 12 if _DOZEN.match(words, reader.at) else 1
    if start[0]:
        low = -low
    behind = _START.search(words, reader.at)
    upper = "" if high is None else f"the range ends at {_written(high * times)}"
    more = "" if behind is None else f"{words[behind.start() :][:60]!r} is left out"
    return Yield(low * times, "; ".join(filter(None, [upper, more])))


def _written(number: Fraction) -> str:
    return str(number if number.denominator == 1 else float(number))
