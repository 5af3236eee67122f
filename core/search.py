"""Full-text search: what people type, and how PostgreSQL is asked for it.

A `WordIndex` names a table of words that triggers keep (recipes/migrations/0003_search.py says how it is built; see
docs/decisions/0007-search.md). The newest matches are found first and only those are ranked, so that a word that half
of all rows have costs as much as a rare one:

    recipes.filter(pk__in=INDEX.newest(typed, most=1_000)).annotate(search_rank=...INDEX.relevance(typed))

Other databases look at every row: an app asks `has_word_indexes`, and reads `typed.wanted` and `typed.unwanted`.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Field, FloatField, Q
from django.db.models.expressions import RawSQL

from core.errors import Invalid

QUERY_MAX = 100
# A word or a "phrase", perhaps with the minus that leaves out what has it.
_TERM = re.compile(r'(?:(?<!\S)(-))?(?:"([^"]*)"|([^\s"]+))')


@dataclass(frozen=True)
class Typed:
    """What somebody searches for, in the syntax of web search: words, "phrases", -without, or.

    `text` is for the database, without its last word if that may be only the `beginning` of one: unless something says
    where it ends, or `or` is among the words. `wanted` and `unwanted` are all the words and phrases.
    """

    text: str
    beginning: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


def typed(query: str) -> Typed:
    """Raises Invalid, for the parameter `q`: longer than 100 characters, nothing to look for."""
    if len(query) > QUERY_MAX:
        raise _invalid(f"At most {QUERY_MAX} characters.")
    parts: list[str] = []
    wanted: list[str] = []
    unwanted: list[str] = []
    others: list[str] = []
    beginning = ""
    for minus, phrase, word in _TERM.findall(unicodedata.normalize("NFKC", query)):
        words = " ".join(words_in(phrase or word))
        if not words:
            continue
        joined = bool(phrase) or " " in words
        is_closed = phrase or minus or query[-1].isspace() or "or" in map(str.lower, parts)
        *others, beginning = [*parts, ""] if is_closed else [*parts, *words.split()]
        parts.append(minus + (f'"{words}"' if joined else words))
        if joined or words.lower() != "or":
            (unwanted if minus else wanted).append(words)
    if not wanted:
        raise _invalid("It needs a word to look for.")
    return Typed(" ".join(others if beginning else parts), beginning, tuple(wanted), tuple(unwanted))


def words_in(text: str) -> list[str]:
    """The words of `text`: letters, digits and the marks on them. Every other character separates words."""
    kept = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in text)
    return "".join(kept).split()


def holds(field: str, words: str) -> Q:
    """Rows whose `field` holds `words`, for a database without word indexes. It looks at every row.

    One word is found anywhere, with ASCII letters in any case. Between the words of a phrase, rows may have any
    characters that separate words: "stir fry" is in "Stir-fry".
    """
    if " " not in words:
        return Q(**{f"{field}__icontains": words})
    return Q(**{f"{field}__iregex": r"[\W_]+".join(words.split())})


def has_word_indexes() -> bool:
    return connection.vendor == "postgresql"


@dataclass(frozen=True)
class WordIndex:
    """The words (`document`) of the rows of `rows`, in `table`, under the same `id`."""

    table: str
    rows: str

    def newest(self, typed: Typed, *, most: int, with_words: str = "") -> RawSQL:
        """The ids of the MOST newest rows that match, of those that have WITH_WORDS side by side, if any are given.

        The index holds the stretches of ids, so each is looked into for itself, from the newest on, until there are
        enough. The index alone gives no order: all matches would be read to find the newest.
        """
        query, params = _query(typed)
        if with_words:
            query = f"{query} && phraseto_tsquery('simmer_stems', simmer_words(%s))"
            params.append(with_words)
        sql = f"""
            SELECT found.id FROM simmer_stretches_to((SELECT max(id) FROM {self.table})) stretch CROSS JOIN LATERAL (
                SELECT id FROM {self.table} WHERE stretches @> ARRAY[stretch] AND document @@ (SELECT {query})
                ORDER BY id DESC) found LIMIT {int(most)}
        """  # noqa: S608
        return _raw(sql, params, BigIntegerField())

    def matches(self, typed: Typed) -> RawSQL:
        """Whether a row matches: for rows that something else has found, a person's or a few."""
        query, params = _query(typed)
        return _raw(f"{self._document} @@ (SELECT {query})", params, BooleanField())

    def relevance(self, typed: Typed) -> RawSQL:
        """How well a row matches: from 0 to 1, more for a name than for a tag or a text, less in a long text."""
        query, params = _query(typed)
        weights = "'{0.1, 0.2, 0.5, 1}'"
        return _raw(f"ts_rank({weights}, {self._document}, (SELECT {query}), 1 | 32)", params, FloatField())

    @property
    def _document(self) -> str:
        # A subquery for each row: as a join, the planner could begin with all rows that match.
        return f"(SELECT words.document FROM {self.table} words WHERE words.id = {self.rows}.id)"  # noqa: S608


def _query(typed: Typed) -> tuple[str, list[str]]:
    """A tsquery. Nothing but letters and digits is put between its quotes."""
    words = "websearch_to_tsquery('simmer_stems', simmer_folded(%s))"
    if not typed.beginning:
        return words, [typed.text]
    star = "('''' || lower(simmer_folded(%s)) || '*''')::tsquery"
    return f"({words} && ({words} || {star}))", [typed.text, typed.beginning, typed.beginning]


def _raw(sql: str, params: list[str], output_field: "Field[Any, Any]") -> RawSQL:
    """SQL in which nothing but names of tables was put."""
    return RawSQL(sql, params, output_field)  # noqa: S611


def _invalid(message: str) -> Invalid:
    return Invalid(f"q: {message}", errors={"q": [message]})
