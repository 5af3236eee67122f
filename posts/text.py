"""What a text names: hashtags and people."""

import re

from recipes.tags import TAG_MAX, normal_tag

# A hashtag is letters, digits, marks and underscores with at least one that is no digit: #1 is a number.
# A mark that combines (the accent of a decomposed e) is not matched by \w, hence its ranges.
_TAG = re.compile(r"(?<![\w&/])[#\uff03]([\w\u0300-\u036f\u0900-\u0dff]*[^\W\d][\w\u0300-\u036f\u0900-\u0dff]*)")
# As usernames are (accounts/models.py); a full stop, plus or hyphen at the end belongs to the sentence.
_MENTION = re.compile(r"(?<![\w.@/])@([A-Za-z0-9_](?:[A-Za-z0-9_.+-]{0,148}[A-Za-z0-9_])?)")


def hashtags(text: str) -> list[str]:
    """The normal names (recipes/tags.py) of the hashtags in TEXT, each once, in order. Too long ones are no tags."""
    names = dict.fromkeys(normal_tag(word) for word in _TAG.findall(text))
    return [name for name in names if 0 < len(name) <= TAG_MAX]


def mentions(text: str) -> list[str]:
    """The usernames in lower case after an @ in TEXT, each once, in order."""
    return list(dict.fromkeys(name.lower() for name in _MENTION.findall(text)))
