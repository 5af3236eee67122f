"""What a text names: hashtags and people. What stands in an address (https://..., www....) names nobody."""

import re
import unicodedata
from itertools import takewhile

from recipes.tags import TAG_MAX, normal_tag

_ADDRESS = r"(?i:https?://|www\.)\S+"
# After a letter, & or / it is part of something else: C#major, &#39;, a/#b.
_TAG = re.compile(rf"{_ADDRESS}|(?<![\w&/])#([^\s#]+)")
# As usernames are (accounts/models.py); a full stop, plus or hyphen at the end belongs to the sentence.
_MENTION = re.compile(rf"{_ADDRESS}|(?<![\w.@/])@([A-Za-z0-9_](?:[A-Za-z0-9_.+-]{{0,148}}[A-Za-z0-9_])?)")


def hashtags(text: str) -> list[str]:
    """The normal names (recipes/tags.py) of the hashtags in TEXT, each once, in order. Too long ones are no tags.

    A hashtag goes on while there are letters, digits, marks (accents, vowel signs) and underscores; one at least is a
    letter, for #1 is a number.
    """
    # Composed, and with `#` for its full-width form; what a sign stands for (½, ﷺ) is letters and digits by now.
    words = map(_word, _TAG.findall(unicodedata.normalize("NFKC", text)))
    names = dict.fromkeys(normal_tag(word) for word in words if any(map(str.isalpha, word)))
    return [name for name in names if len(name) <= TAG_MAX]


def mentions(text: str) -> list[str]:
    """The usernames in lower case after an @ in TEXT, each once, in order."""
    return list(dict.fromkeys(name.lower() for name in _MENTION.findall(text) if name))


def _word(candidate: str) -> str:
    return "".join(takewhile(_is_part, candidate))


def _is_part(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("Nd", "Pc")
