"""Amounts at the start of an ingredient line: a small recursive-descent parser.

An amount is read to its end or not at all. Numbers are exact fractions. The grammar, in EBNF (`_` is a required space,
other spaces are optional):

    amount      = count , "x" , size , [ unit ]             (* 2 x 400g tins: two tins, 400 g each *)
                | count , "x" , _                           (* 2 x onions *)
                | count , "(" , sizes , ")" , [ unit ]      (* 1 (14 oz) can *)
                | size , container                          (* 400g tin: one tin, 400 g each *)
                | count , container , "(" , sizes , ")"     (* 1 can (14 oz) *)
                | size                                      (* without "-": 500g/1lb 2oz, 1 cup (240 ml) *)
                | count
                | ( "a" | "an" ) , _ , unit ;               (* a pinch *)
    size        = count , [ "-" ] , unit , [ range , number , unit ] , { alternative } ;
    count       = number , [ range , number ] ;             (* the second number is the greater one *)
    sizes       = [ about ] , compound , { separator , compound } , [ "each" ] ;
    alternative = ( "/" | "|" ) , compound                  (* the same in another system of units: dropped *)
                | "(" , sizes , ")" ;
    compound    = size , { size } ;                         (* 1lb 2oz *)
    separator   = "/" | "," | ";" | "|" | "or" ;
    number      = digits , ( "-" | _ | "and" | "&" ) , fraction   (* a proper fraction: 1 1/2, 1-1/2, 1 and 1/2 *)
                | digits , vulgar                           (* 1½ *)
                | fraction
                | decimal ;
    fraction    = digits , "/" , digits | vulgar ;          (* "/" stands for U+2044 and U+2215 too *)
    vulgar      = "½" | "⅓" | ... | "⅟" , digits | superscripts , "/" , subscripts ;
    decimal     = digits , { mark , digits } | "." , digits ;
    mark        = "." | "," | "'" | a thin space ;
    range       = "-" | dash | "~" | _ , ( "to" | "or" | "bis" | "oder" | "à" | "ou" ) , _ ;
    unit        = a spelling of recipes/units.py , [ "." ] ;
    container   = "can" | "tin" | "package" ;
    about       = "about" | "approx." | "ca." | "~" ;

What may mean another amount is not read: `1-14 oz can`, `9 inch pie`, `10/12 eggs` (recipes/ambiguous_amounts.py).

What a decimal means depends on its unit, which follows later: see `decimal_value`.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from recipes.ambiguous_amounts import DOUBLE_ZERO, LENGTH, SPOON, VESSEL, looks_like_count_and_size, may_be_counts
from recipes.plain_signs import plain
from recipes.units import CONTAINERS, COUNTED, MEASURES, groups_thousands, unit_of

# What the columns for quantities hold: eight digits, four decimal places.
NUMBER_MAX = 99_999_999
_DECIMALS_MAX = 4
_DENOMINATOR_MAX = 100

_SUPERSCRIPTS, _SUBSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
_SMALL_DIGITS = str.maketrans(_SUPERSCRIPTS + _SUBSCRIPTS, "0123456789" * 2)
_VULGAR = {
    character: Fraction(unicodedata.numeric(character)).limit_denominator(10)
    for character in map(chr, (*range(0xBC, 0xBF), *range(0x2150, 0x215F), 0x2189))
}

_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+|['\u2009][0-9]{3}(?![0-9]))*|\.[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_SLASHED = re.compile(r"([0-9]+) */ *([0-9]+)")
_SMALL = re.compile(rf"([{''.join(_VULGAR)}])|⅟([0-9]+)|([{_SUPERSCRIPTS}]+)/([{_SUBSCRIPTS}]+)")
_BEFORE_FRACTION = re.compile(r"-| +(?:(?:and|&) +)?", re.IGNORECASE)
_RANGE = re.compile(r" *[-~] *| +(?:to|or|bis|oder|à|ou) +", re.IGNORECASE)
_DASH = re.compile(r" *[-~]")
_TIMES = re.compile(r" *x(?=[ 0-9])", re.IGNORECASE)
_HYPHEN = re.compile(r"-(?=[^\W\d_])")
_WORD = re.compile(r" *((?:fl\.? *oz|fluid +(?:ounces?|oz)|[^\W\d_]+)(?:\.(?!\w))?)", re.IGNORECASE)
# A hyphen ends a unit before a digit only: a T-bone is not a tablespoon.
_UNIT_END = re.compile(r"(?:$|[ ,;:/()\[\]|+*\"\u201c\u201d~]|-(?= ?[0-9]))")
_ARTICLE = re.compile(r"an?(?= )", re.IGNORECASE)
_ABOUT = re.compile(r" *(?:(?:about|approx(?:imately|\.)?|around|ca\.?|circa|roughly)(?= )|~)", re.IGNORECASE)
_SEPARATOR = re.compile(r" *[/,;|] *| +or +", re.IGNORECASE)
_SLASH = re.compile(r" *[/|] *")
_EACH = re.compile(r" +each(?!\w)", re.IGNORECASE)
_OPEN, _CLOSE, _SPACES = re.compile(r" *\("), re.compile(r" *\)"), re.compile(r" *")

_WITH_DECIMALS = re.compile(r"([0-9]*)(?:[.,]([0-9]+))?")
_GROUPED = re.compile(r"([1-9][0-9]{0,2}([.,'\u2009])[0-9]{3}(?:\2[0-9]{3})*)(?:(?!\2)[.,]([0-9]+))?")

# An end of a count: a fraction, or the text of a decimal.
_End = Fraction | str


class Unreadable(Exception):
    """The text begins like an amount and cannot be read to its end."""


@dataclass(frozen=True)
class Measure:
    """`low` to `high` (None: not a range) of `unit` (empty: pieces)."""

    low: Fraction
    high: Fraction | None
    unit: str


@dataclass(frozen=True)
class Amount(Measure):
    """The amount of a line; `size` is how much is in each of what is counted."""

    size: Measure | None = None


def decimal_value(text: str, unit: str) -> Fraction | None:
    """The value of digits with marks when they count `unit`; None when they are not a number.

    A leading 0 is a decimal. Exactly three digits after a comma or a point are thousands with g, mg, ml and without a
    unit, decimals with every other unit.
    """
    if (match := _WITH_DECIMALS.fullmatch(text)) is not None:
        whole, decimals = match[1], match[2] or ""
        if len(decimals) == 3 and whole and not whole.startswith("0") and groups_thousands(unit):
            return Fraction(whole + decimals) if len(whole) <= 3 else None
    elif (match := _GROUPED.fullmatch(text)) is not None:
        whole, decimals = "".join(_DIGITS.findall(match[1])), match[3] or ""
    else:
        return None
    if len(whole) > 8 or len(decimals) > _DECIMALS_MAX:
        return None
    return Fraction(f"{whole or 0}.{decimals or 0}")


def written_number(text: str) -> Fraction | None:
    """The value of a text that is one number and nothing else, written for a machine: a point is a decimal point.

    None when it is not one, or when it has exactly three digits after a comma, which may be thousands.
    """
    reader = AmountReader(plain(text.strip()))
    try:
        number = reader.number()
    except Unreadable:
        return None
    if number is None or reader.at != len(reader.text):
        return None
    if isinstance(number, Fraction):
        return number
    comma = re.fullmatch(r"[1-9][0-9]*,[0-9]{3}", number)
    # The name of a unit with which three digits are decimals.
    return None if comma else decimal_value(number, "l")


class AmountReader:
    """Reads parts of the grammar from `text` (which is plain) at the place `at`, and moves on behind them.

    Each method returns None and stays where it is when its part is not there. Raises Unreadable.
    """

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at

    def amount(self) -> Amount | None:
        fraction = _SLASHED.match(self.text, self.at)
        found = self._amount()
        if found is not None and fraction is not None and found.unit in COUNTED and may_be_counts(fraction):
            raise Unreadable
        return found

    def _amount(self) -> Amount | None:
        if self._take(_ARTICLE):
            unit = self._unit()
            return Amount(Fraction(1), None, unit) if unit else None
        start = self.at
        if DOUBLE_ZERO.match(self.text, start):
            raise Unreadable
        count = self.count()
        if count is None:
            return None
        behind = self.at
        if LENGTH.match(self.text, behind):
            raise Unreadable
        if self._take(_TIMES):
            return self._multiplied(count)
        if (size := self.sizes()) is not None:
            return _made(count, self._unit() or "", size)
        self.at = start
        if (measure := self.measure()) is None:
            self.at = behind
            return _made(count, "")
        if measure.unit in CONTAINERS:
            return Amount(measure.low, measure.high, measure.unit, self.sizes())
        self._skip_alternatives()
        if measure.unit in MEASURES and (container := self._container()):
            if measure.high is not None:  # 2-8 oz packages are two packages
                raise Unreadable
            return Amount(Fraction(1), None, container, measure)
        # A 1-lb bag, a 1 lb bag: two of them are not a 2-lb bag.
        if _HYPHEN.match(self.text, behind) or (measure.unit in MEASURES and VESSEL.match(self.text, self.at)):
            raise Unreadable
        return Amount(measure.low, measure.high, measure.unit)

    def sizes(self) -> Measure | None:
        """What parentheses hold when they hold amounts alone: the first of them."""
        start = self.at
        if self._take(_OPEN):
            found = self.compounds()
            self._take(_EACH)
            if found is not None and self._take(_CLOSE):
                return found
        self.at = start
        return None

    def compounds(self) -> Measure | None:
        """Amounts with units, in one or more systems: the first of them."""
        self._take(_ABOUT)
        self._take(_SPACES)
        first = self._compound()
        while first is not None:
            start = self.at
            if not self._take(_SEPARATOR) or self._compound() is None:
                self.at = start
                break
        return first

    def measure(self) -> Measure | None:
        start = self.at
        count = self.count()
        if count is None:
            return None
        self._take(_HYPHEN)
        unit = self._unit()
        if unit is None:
            self.at = start
            return None
        low, high = count
        found = _measured(count, unit)
        if found.high and self._has_dash(start) and looks_like_count_and_size(found.low, found.high, unit):
            raise Unreadable
        behind = self.at
        if high is None and self._take(_RANGE):
            second = self.count()
            if second is not None and second[1] is None and self._unit() == unit:
                high = second[0]
            else:
                self.at = behind
        return _measured((low, high), unit)

    def _has_dash(self, start: int) -> bool:
        """Whether the range at `start` has a dash between its ends."""
        first = AmountReader(self.text, start)
        first.number()
        return _DASH.match(self.text, first.at) is not None

    def number(self) -> _End | None:
        if (small := self._small()) is not None:
            return small
        if (slashed := self._slashed()) is not None:
            return slashed
        match = _DECIMAL.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        whole = match[0]
        if not whole.isdigit() or int(whole[:9]) == 0:
            return whole
        fraction = self._small()
        if fraction is None and self._take(_BEFORE_FRACTION):
            fraction = self._small()
            if fraction is None:
                fraction = self._slashed()
        if fraction is None:
            self.at = match.end()
            return whole
        if fraction >= 1 or len(whole) > 8:
            raise Unreadable
        return int(whole) + fraction

    def _multiplied(self, count: tuple[_End, _End | None]) -> Amount:
        """Behind `2 x`."""
        self._take(_SPACES)
        start = self.at
        size = self.measure()
        if size is None:
            if self.count() is not None:
                raise Unreadable
            self.at = start - 1
            return _made(count, "")
        self._skip_alternatives()
        return _made(count, self._unit() or "", size)

    def count(self) -> tuple[_End, _End | None] | None:
        low = self.number()
        if low is None:
            return None
        behind = self.at
        high = self.number() if self._take(_RANGE) else None
        if high is None:
            self.at = behind
        return low, high

    def _compound(self) -> Measure | None:
        first = self.measure()
        while first is not None:
            start = self.at
            self._take(_SPACES)
            if self.measure() is None:
                self.at = start
                break
        return first

    def _skip_alternatives(self) -> None:
        while True:
            start = self.at
            if self._take(_SLASH) and self._compound() is not None:
                continue
            self.at = start
            if self.sizes() is None:
                return

    def _unit(self) -> str | None:
        match = _WORD.match(self.text, self.at)
        if match is None or SPOON.match(self.text, match.start(1)):
            return None
        if (unit := unit_of(match[1])) is None or not _UNIT_END.match(self.text, match.end()):
            return None
        self.at = match.end()
        return unit

    def _container(self) -> str | None:
        """A container in the singular: `400 g tins` does not say how many."""
        match = _WORD.match(self.text, self.at)
        if match is None or unit_of(match[1]) not in CONTAINERS:
            return None
        unit = self._unit()
        if match[1].lower().rstrip(".").endswith("s"):
            raise Unreadable
        return unit

    def _slashed(self) -> Fraction | None:
        match = _SLASHED.match(self.text, self.at)
        if match is None:
            return None
        above, below = match[1], match[2]
        # Of several digits above, the first may have been a number of its own: 11/2 for 1 1/2.
        lost = len(above) > 1 and len(above) <= 8 and int(above) >= int(below[:9])
        if len(above) > 3 or len(below) > 3 or not 0 < int(below) <= _DENOMINATOR_MAX or lost:
            raise Unreadable
        self.at = match.end()
        return Fraction(int(above), int(below))

    def _small(self) -> Fraction | None:
        match = _SMALL.match(self.text, self.at)
        if match is None:
            return None
        vulgar, one_of, above, below = match.groups()
        if vulgar is not None:
            self.at = match.end()
            return _VULGAR[vulgar]
        above, below = ("1", one_of) if one_of else (above.translate(_SMALL_DIGITS), below.translate(_SMALL_DIGITS))
        if len(above) > 3 or len(below) > 3 or not 0 < int(below) <= _DENOMINATOR_MAX:
            raise Unreadable
        self.at = match.end()
        return Fraction(int(above), int(below))

    def _take(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        if match is None:
            return False
        self.at = match.end()
        return True


def _measured(count: tuple[_End, _End | None], unit: str) -> Measure:
    """The count in its unit, which says what its decimals mean."""
    low, high = (decimal_value(end, unit) if isinstance(end, str) else end for end in count)
    if low is None or low > NUMBER_MAX:
        raise Unreadable
    if count[1] is not None and (high is None or not low < high <= NUMBER_MAX):
        raise Unreadable
    return Measure(low, high, unit)


def _made(count: tuple[_End, _End | None], unit: str, size: Measure | None = None) -> Amount:
    measure = _measured(count, unit)
    if size is not None and not measure.low:
        raise Unreadable
    return Amount(measure.low, measure.high, measure.unit, size)
