"""What follows the amount of an ingredient line, without further amounts.

Only the first amount of a line is scaled. A line that shows another amount beside it would be wrong for every other
number of servings. The same amount in another system of units is dropped: `butter (2 sticks)`, `flour, 250 g`. A line
with an amount of something else cannot be read: `flour plus 2 tablespoons`, `onion or 2 shallots`. A number that is not
an amount stays: `2% milk`, `cut into 2 cm pieces`, `150 g each`.
"""

import re

from recipes.amounts import AmountReader, Unreadable, plain

_PARENTHESES = re.compile(r" *\([^()]*\)")
_EACH = re.compile(r",? *(?:each|apiece)\b", re.IGNORECASE)
# A number counts something when it begins the food, the note or parentheses, or is joined to what was named before.
_BEGINS = re.compile(
    r"(?:^|[,;(\[]) *(?:(?:about|approx(?:imately|\.)?|around|ca\.?|circa|roughly) +|~ *)?$", re.IGNORECASE
)
_JOINS = re.compile(r"(?:(?<!\w)(?:plus|and|or|to|minus|less|with|und|oder|et|ou|y|o)|[+&/x~-]) *$", re.IGNORECASE)
_CUT_INTO = re.compile(r"(?<!\w)(?:into|in) *$", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,/-])(?:[0-9.]|[¼-¾⅐-⅟↉])")
# 2%, 5-spice, 7up, 2nd.
_NOT_COUNTED = re.compile(r" *%|-?[^\W\d_]| *°")
_FLOURS = ("0", "00")
_TOTAL = re.compile(r" *(?:in )?total *$|\.? *$", re.IGNORECASE)


def other_amounts_removed(text: str) -> tuple[str, str]:
    """The food and the note in `text`, which a comma separates. Raises Unreadable."""
    kept = _without_alternatives(text)
    food, *notes = _segments(kept)
    notes = [note for note in notes if not _is_alternative(note)]
    rest = ",".join(notes).strip()
    _require_no_amount(food)
    _require_no_amount(rest)
    return food.strip(), rest


def _without_alternatives(text: str) -> str:
    pieces, at = [], 0
    # Places are the same in both.
    for match in _PARENTHESES.finditer(plain(text)):
        if _is_alternative(match[0].strip()[1:-1]):
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


def _is_alternative(text: str) -> bool:
    """Whether `text` is nothing but amounts with units."""
    reader = AmountReader(plain(text.strip()))
    try:
        return reader.compounds() is not None and bool(_TOTAL.match(reader.text, reader.at))
    except Unreadable:
        return False


def _require_no_amount(text: str) -> None:
    words = plain(text)
    behind = 0
    for match in _NUMBER.finditer(words):
        if match.start() < behind:
            continue
        before = words[: match.start()]
        reader = AmountReader(words, match.start())
        if reader.measure() is not None:
            if not _CUT_INTO.search(before) and not _EACH.match(words, reader.at):
                raise Unreadable
        elif reader.number() is not None and _counts(words, match.start(), reader.at):
            raise Unreadable
        behind = reader.at


def _counts(words: str, start: int, end: int) -> bool:
    """Whether the number at this place of `words` counts something."""
    before, number = words[:start], words[start:end]
    if not (_JOINS.search(before) or _BEGINS.search(before)):
        return False
    return not _NOT_COUNTED.match(words, end) and number not in _FLOURS
