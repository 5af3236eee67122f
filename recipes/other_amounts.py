"""What follows the amount of an ingredient line, without further amounts.

Only the first amount of a line is scaled. A line that shows another amount beside it would be wrong for every other
number of servings. The same amount in another system of units is dropped: `butter (2 sticks)`, `flour, 250 g`. A line
with another number cannot be read: `flour plus 2 tablespoons`, `onion or 2 shallots`, `juice from 2 limes`. A number
that is right for any number of servings stays: `2% milk`, `cut into 2 cm pieces`, `150 g each`.
"""

import re

from recipes.amounts import AmountReader, Measure, Unreadable
from recipes.plain_signs import plain
from recipes.units import are_of_one_kind

_PARENTHESES = re.compile(r" *\([^()]*\)")
_EACH = re.compile(r",? *(?:each|apiece)\b", re.IGNORECASE)
_CUT_INTO = re.compile(r"(?<!\w)(?:into|in) *$", re.IGNORECASE)
# Behind these a number is a name: Type 405, No. 2, #10.
_NAMED = re.compile(r"(?:(?<!\w)(?:type|typ|no|nr|n[°º]|size)\.? *|#)$", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,-])(?:[0-9.]|[¼-¾⅐-⅟↉])")
# 2%, 5-spice, 7up, 2nd.
_NOT_COUNTED = re.compile(r" *%|-?[^\W\d_]| *°")
# In words: "1 and a half cups", "a pinch or two", "1 egg plus one yolk", "juice from two limes".
_BEGINS_JOINED = re.compile(
    r"(?:and|or|plus|minus|less|und|oder|et|ou|e|y|o|og|och|en|eller|i|lub|и|или|ve|veya)(?!\w)", re.IGNORECASE
)
_NUMBER_WORDS = (
    r"one|two|three|four|five|six|half|an?|ein|eine|einen|un|une|una|uno|um|uma|en|ett|et|deux|dos|dois|duas|due|zwei|"
    r"demie?|medi[ao]|mei[ao]|mezz[ao]|halbe[rs]?|halv"
)
# "A little extra" is right for any number of servings.
_LITTLE = r"(?:an?|un|ein) (?:little|bit|peu|poco|po|wenig|bisschen)(?!\w)"
# Not "half and half", which is a cream.
_JOINING = r"(?<!half )(?<!half-)and|or|plus|minus|less|und|oder|et|ou|e|y|o|og|och|eller"
_JOINED_WORD = re.compile(
    rf"(?<!\w)(?:{_JOINING})[ -](?!{_LITTLE})(?:{_NUMBER_WORDS})(?!\w)"
    r"|(?<!\w)(?:from|of|for) (?:one|two|three|four|five|six|half)(?!\w)",
    re.IGNORECASE,
)
_FLOURS = ("0", "00")
_TOTAL = re.compile(r" *(?:in )?total *$|\.? *$", re.IGNORECASE)


def other_amounts_removed(text: str, unit: str) -> tuple[str, str]:
    """The food and the note in `text`, which a comma separates, behind an amount of `unit`. Raises Unreadable."""
    kept = _without_alternatives(text)
    food, *notes = _segments(kept)
    others = [_alternative(note) for note in notes]
    if any(other is not None and are_of_one_kind(unit, other.unit) for other in others):  # 1 lb, 4 oz
        raise Unreadable
    rest = ",".join(note for note, other in zip(notes, others, strict=True) if other is None).strip()
    if _BEGINS_JOINED.match(plain(food).lstrip()):
        raise Unreadable
    _require_no_amount(food)
    _require_no_amount(rest)
    return food.strip(), rest


def _without_alternatives(text: str) -> str:
    pieces, at = [], 0
    # Places are the same in both.
    for match in _PARENTHESES.finditer(plain(text)):
        if _alternative(match[0].strip()[1:-1]) is not None:
            pieces.append(text[at : match.start()])
            at = match.end()
    return "".join([*pieces, text[at:]])


def _segments(text: str) -> list[str]:
    """`text` split at its commas, except those within parentheses or a number."""
    pieces, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        within_number = text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()
        if character == "," and depth <= 0 and not within_number:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]


def _alternative(text: str) -> Measure | None:
    """The first amount in `text` when it is nothing but amounts with units."""
    reader = AmountReader(plain(text.strip()))
    try:
        first = reader.compounds()
    except Unreadable:
        return None
    return first if _TOTAL.match(reader.text, reader.at) else None


def _require_no_amount(text: str) -> None:
    words = plain(text)
    if _JOINED_WORD.search(words):
        raise Unreadable
    behind = 0
    for match in _NUMBER.finditer(words):
        if match.start() < behind:
            continue
        reader = AmountReader(words, match.start())
        if reader.measure() is not None:
            is_free = not _CUT_INTO.search(words[: match.start()])
        else:
            is_free = reader.count() is not None and _counts(words, match.start(), reader.at)
        if is_free and not _EACH.match(words, reader.at):
            raise Unreadable
        behind = reader.at


def _counts(words: str, start: int, end: int) -> bool:
    """Whether the number at this place of `words` may count something."""
    before, number = words[:start], words[start:end]
    if _CUT_INTO.search(before) or _NAMED.search(before):
        return False
    return not _NOT_COUNTED.match(words, end) and number not in _FLOURS
