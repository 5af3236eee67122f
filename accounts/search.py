"""Finding people by the beginnings of their names."""

import unicodedata
from functools import reduce
from operator import and_

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connections
from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Concat, Lower

from accounts.models import UserQuerySet
from core.search import words_in

WORDS_MAX = 10
# What joins words, and would make one of a name like "Ann-Marie", "ann.lee" or "a/b".
_JOINTS = "-./:@_~"
_SPACED = Func(
    F("display_name"), Value(_JOINTS), Value(" " * len(_JOINTS)), function="TRANSLATE", output_field=CharField()
)


def named_like(people: UserQuerySet, text: str) -> UserQuerySet:
    """PEOPLE whose username begins with TEXT, or in whose display name a word begins with each word of TEXT.

    In any case of letters (on SQLite only ASCII's are folded). PostgreSQL has an index for each of the two (migration
    0004_search_names); SQLite looks at every row.
    """
    text = unicodedata.normalize("NFC", text)  # the form in which names are stored
    people = people.alias(username_ci=Lower("username"))
    found = Q(username_ci__startswith=text.lower())
    words = words_in(text)[:WORDS_MAX]
    if not words:
        return people.filter(found)
    if connections[people.db].vendor == "postgresql":
        # Letters and digits alone: nothing in them means anything to `to_tsquery`.
        query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
        people = people.alias(name_words=SearchVector(_SPACED, config="simple"))
        return people.filter(found | Q(name_words=query))
    spaced: Func = Concat(Value(" "), "display_name")
    for joint in _JOINTS:
        spaced = Func(spaced, Value(joint), Value(" "), function="REPLACE", output_field=CharField())
    people = people.alias(name_words=spaced)
    return people.filter(found | reduce(and_, (Q(name_words__icontains=f" {word}") for word in words)))
