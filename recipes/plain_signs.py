"""Text in which each digit, slash, dash and space has one form, whatever form the line has."""

import re
import unicodedata

# One character for each, so that a place in the plain text is the same place in the line.
_PLAIN = {
    **dict.fromkeys("\u2044\u2215\uff0f", "/"),
    **dict.fromkeys("\u2010\u2011", "-"),
    **dict.fromkeys("\u2012\u2013\u2014\u2015\u2212\uff5e\u301c", "~"),
    **dict.fromkeys("\u00d7\u2715\u2716", "x"),
    **dict.fromkeys("\u2009\u202f", "\u2009"),
    **dict.fromkeys("\u2019\u066c", "'"),
    "\u066b": ",",
}
_GROUPING_SPACE = re.compile(r"(?<=[0-9])\u2009(?=[0-9]{3}(?![0-9/]))")


def plain(text: str) -> str:
    """`text` with one form of each digit, slash, dash and space; as long as before."""
    if text.isascii() and text.isprintable():
        return text
    changed = "".join(map(_plain_character, text))
    if "\u2009" in changed:
        kept = {match.start() for match in _GROUPING_SPACE.finditer(changed)}
        changed = "".join(" " if c == "\u2009" and at not in kept else c for at, c in enumerate(changed))
    return changed


def _plain_character(character: str) -> str:
    if (known := _PLAIN.get(character)) is not None:
        return known
    if character.isspace():
        return " "
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
