"""Beginnings of lines that look like one amount and may mean another one. The parser does not read them so."""

import re
from decimal import Decimal
from fractions import Fraction
from math import gcd

from recipes.units import MEASURES, unit_of

# The spoon of "c. à soupe", "c. sopera" and "c. de chá" is not a cup.
SPOON = re.compile(
    r"c\.? *(?:(?:à|a|s|c|de|da|di|soupe|th[eé]|caf[eé]|dessert|moka|rase|bombée|sopera|postre)(?!\w)|d')",
    re.IGNORECASE,
)
# "9 inch pie shell" is not nine of them.
LENGTH = re.compile(r" *-? *(?:(?:inch(?:es)?|cm|mm|centimet(?:er|re)s?|zoll)(?!\w)|in\.)", re.IGNORECASE)
# What holds one such measure and has no unit of its own. Pot roast and pot barley are foods.
VESSEL = re.compile(
    r" *(?:bag|bar|block|bottle|box|carton|container|envelope|jar|loaf|pack|packet|pkt|pouch|sachet|tub|tube|"
    r"ball|pot(?! (?:roast|barley))|dose|flasche|glas|packung|päckchen|becher|beutel|würfel|boîte|bouteille|brique|"
    r"botella|lata|bote|brick|paquete|sobre|bottiglia|scatola|lattina|barattolo|confezione|garrafa|pacote)"
    r"(?:e?[sn])?(?!\w)",
    re.IGNORECASE,
)
# The flour, not a number.
DOUBLE_ZERO = re.compile(r"00+(?![0-9.,/])")
# The fractions of a piece: thirds, quarters, sixths and eighths with any number above, others with a small one.
_ABOVE_MAX, _CUT_IN = 3, (6, 8)
# "1-14 oz can" is one can. What begins with a small count and ends far above it is such a count and a size.
_COUNT_MAX, _FAR_ABOVE = 6, 4


def looks_like_count_and_size(low: Fraction | Decimal, high: Fraction | Decimal, unit: str) -> bool:
    """Whether `low`-`high` `unit`, with a dash, may mean `low` things of `high` `unit` each: `1-8 oz cream cheese`."""
    return 1 <= low <= _COUNT_MAX and high > _FAR_ABOVE * low and not low % 1 and unit_of(unit) in MEASURES


def may_be_counts(fraction: re.Match[str]) -> bool:
    """Whether a fraction of pieces may be a range: `10/12` is not in its lowest terms, `4/5` is an unusual fraction."""
    above, below = int(fraction[1]), int(fraction[2])
    return gcd(above, below) > 1 or (above > _ABOVE_MAX and below not in _CUT_IN)
