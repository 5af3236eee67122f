"""For how many a recipe is, as sites write it: `Serves 4`, `About 3 dozen`, `1,000 cookies`, `4-6`."""

import re
from fractions import Fraction
from typing import NamedTuple

from recipes.ambiguous_amounts import LENGTH
from recipes.amounts import AmountReader, Unreadable, decimal_value
from recipes.plain_signs import plain
from recipes.units import MEASURES, unit_of

_DOZEN = re.compile(r" *dozen\b", re.IGNORECASE)
_A_DOZEN = re.compile(r"\b(?:a|one) dozen\b", re.IGNORECASE)
_QUOTES = re.compile(r" *[\"\u201d\u2033]")
# "4/6" people are four to six; "1/2" a dozen or a cup is a half.
_SLASHED_RANGE = re.compile(r"(?<![0-9] )([0-9]{1,3}) */ *([0-9]{1,3})(?![0-9/])")
_WORD = re.compile(r" *-? *(fl\.? *oz|[^\W\d_]+\.?)")
_START = re.compile(r"(?<![0-9.,])(?:(?<![^\s(])-)?(?=\.?[0-9]|[\u00bc-\u00be\u2150-\u215f])")


class Yield(NamedTuple):
    """`number` as it is written; `rest` says what of the text is not in it (empty: nothing)."""

    number: Fraction
    rest: str


def yield_of(text: str) -> Yield | None:
    """The number in `text`, the lower one of a range; None when it has none that can be read."""
    words = plain(text)
    start = _START.search(words)
    while start is not None:
        try:
            low, high, end = _count(words, start.end())
        except Unreadable:
            return None
        if not _is_size(words, end):
            return _yield(words, start, low, high, end)
        start = _START.search(words, end)
    return Yield(Fraction(12), "") if _A_DOZEN.search(words) else None


def _yield(words: str, start: re.Match[str], low: Fraction, high: Fraction | None, end: int) -> Yield:
    times = 12 if _DOZEN.match(words, end) else 1
    behind = _START.search(words, end)
    upper = "" if high is None else f"the range ends at {_written(high * times)}"
    more = "" if behind is None else f"{words[behind.start() :][:60]!r} is left out"
    sign = -1 if start[0] else 1
    return Yield(low * times * sign, "; ".join(filter(None, [upper, more])))


def _count(words: str, at: int) -> tuple[Fraction, Fraction | None, int]:
    """The ends of the count at this place of `words`, and where it ends. Raises Unreadable."""
    slashed = _SLASHED_RANGE.match(words, at)
    if slashed is not None and 0 < int(slashed[1]) < int(slashed[2]) and not _has_unit(words, slashed.end()):
        return Fraction(slashed[1]), Fraction(slashed[2]), slashed.end()
    reader = AmountReader(words, at)
    count = reader.count()
    if count is None:
        raise Unreadable
    low, high = (decimal_value(end, "") if isinstance(end, str) else end for end in count)
    if low is None:
        raise Unreadable
    return low, high, reader.at


def _has_unit(words: str, at: int) -> bool:
    word = _WORD.match(words, at)
    return _DOZEN.match(words, at) is not None or (word is not None and unit_of(word[1]) is not None)


def _is_size(words: str, at: int) -> bool:
    """Whether the number that ends at this place says how large something is: `9-inch cake`, `500 ml`."""
    word = _WORD.match(words, at)
    return (
        LENGTH.match(words, at) is not None
        or _QUOTES.match(words, at) is not None
        or (word is not None and unit_of(word[1]) in MEASURES)
    )


def _written(number: Fraction) -> str:
    return str(number if number.denominator == 1 else float(number))
