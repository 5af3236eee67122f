"""Full-text search on PostgreSQL (docs/decisions/0007-search.md); SQLite looks at every row instead.

What is found by which words is in a table of its own. In the recipe's row it would be written anew with each rating,
which moves the row in the index of the best: every word of it in the index of words, again. Triggers keep it in line,
so whoever writes recipes need not know. Django knows nothing of the table: it holds nothing that is not in recipes.
"""

import unicodedata
from typing import Any

from django.db import migrations


def _fold(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", letter.lower()) if not unicodedata.combining(c))


# Latin, Greek and Cyrillic letters as search knows them, in lower case and without marks. The database's own lower()
# knows ASCII alone under the locale C, and `unaccent` is an extension that is not everywhere.
_LETTERS = {letter: _fold(letter) for letter in map(chr, range(0xC0, 0x530))}
_FOLDED = {letter: folded for letter, folded in _LETTERS.items() if len(folded) == 1 and folded != letter}
# The parser would take and/or for a file, a.b for a host. To search, all of it is space between words.
_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" + "\u00a0\u00ab\u00b7\u00bb\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026"

FUNCTIONS = f"""
-- The words alone: no stop words, so that everything can be searched for, in every language.
CREATE TEXT SEARCH DICTIONARY simmer_english (TEMPLATE = pg_catalog.snowball, Language = english);
CREATE TEXT SEARCH CONFIGURATION simmer_stems (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION simmer_stems
    ALTER MAPPING FOR asciiword, word, numword, hword, asciihword, numhword, hword_part, hword_asciipart, hword_numpart
    WITH simmer_english;

-- In lower case, without marks. Nothing is looked up for a text that is ASCII.
CREATE FUNCTION simmer_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words) THEN words ELSE translate(
        normalize(words, NFKC), '{"".join(_FOLDED)}', '{"".join(_FOLDED.values())}') END
$$;

CREATE FUNCTION simmer_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(simmer_folded(words), E'{_SIGNS.replace(chr(92), chr(92) * 2).replace("'", "''")}', '{" " * len(_SIGNS)}')
$$;

-- What words begin with, up to 15 letters: 'to*', 'tom*', ... for the word that somebody is still typing. (The index
-- would be asked for to:* by reading all that it has of every such word.)
CREATE FUNCTION simmer_beginnings(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_tsvector(coalesce(array_agg(DISTINCT left(word, letters) || '*'), '{{}}'))
    FROM regexp_split_to_table(lower(simmer_words(words)), '\\s+') word, generate_series(1, least(char_length(word), 15)) letters
$$;

-- The stretches of ids, from 2,048 to 8 million long, in which an id lies: each is a number of its own.
CREATE FUNCTION simmer_stretches(id bigint) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ARRAY[id >> 11, (1::bigint << 53) + (id >> 13), (2::bigint << 53) + (id >> 15), (3::bigint << 53) + (id >> 17),
                 (4::bigint << 53) + (id >> 19), (5::bigint << 53) + (id >> 21), (6::bigint << 53) + (id >> 23)]
$$;

-- Stretches that hold all ids up to NEWEST once, newest first. None is longer than all the newer ones together, but
-- the first: so who stops once they have enough has read at most about twice that.
CREATE FUNCTION simmer_stretches_to(newest bigint) RETURNS SETOF bigint LANGUAGE sql IMMUTABLE STRICT AS $$
    WITH RECURSIVE level (number, low, high) AS (
        SELECT 0, greatest((newest >> 13) - 1, 0) << 13, newest + 1
        UNION ALL
        SELECT number + 1,
               CASE WHEN number = 5 THEN 0 ELSE greatest(((low - 1) >> (15 + 2 * number)) - 1, 0) << (15 + 2 * number) END,
               low
        FROM level WHERE low > 0 AND number < 6
    )
    SELECT (number::bigint << 53) + stretch
    FROM level, generate_series((high - 1) >> (11 + 2 * number), low >> (11 + 2 * number), -1) stretch
$$;
"""
NO_FUNCTIONS = """
DROP FUNCTION simmer_stretches_to(bigint);
DROP FUNCTION simmer_stretches(bigint);
DROP FUNCTION simmer_beginnings(text);
DROP FUNCTION simmer_words(text);
DROP FUNCTION simmer_folded(text);
DROP TEXT SEARCH CONFIGURATION simmer_stems;
DROP TEXT SEARCH DICTIONARY simmer_english;
"""

TABLE = """
CREATE TABLE recipes_search (
    id bigint PRIMARY KEY,
    document tsvector NOT NULL,
    stretches bigint[] NOT NULL GENERATED ALWAYS AS (simmer_stretches(id)) STORED
);
-- Without the list of pending entries, which each search would read whole.
CREATE INDEX recipes_search_words ON recipes_search USING gin (document, stretches) WITH (fastupdate = off);

-- Nobody finds out what a premium one says.
CREATE FUNCTION recipes_search_document(name text, tags text, description text, visibility text)
RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT setweight(to_tsvector('simmer_stems', simmer_words(name)), 'A')
        || setweight(to_tsvector('simmer_stems', simmer_words(tags)), 'B')
        || simmer_beginnings(name || ' ' || tags)
        || CASE WHEN visibility = 'public' THEN setweight(to_tsvector('simmer_stems', simmer_words(description)), 'C')
                ELSE '' END
$$;

CREATE FUNCTION recipes_search_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recipes_search (id, document)
    VALUES (NEW.id, recipes_search_document(NEW.name, NEW.tag_names::text, NEW.description, NEW.visibility))
    ON CONFLICT (id) DO UPDATE SET document = EXCLUDED.document;
    RETURN NULL;
END
$$;
CREATE FUNCTION recipes_search_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE recipes_search;
    ELSE
        DELETE FROM recipes_search WHERE id = OLD.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER recipes_search_write AFTER INSERT OR UPDATE OF name, tag_names, description, visibility
    ON recipes_recipe FOR EACH ROW EXECUTE FUNCTION recipes_search_write();
CREATE TRIGGER recipes_search_delete AFTER DELETE
    ON recipes_recipe FOR EACH ROW EXECUTE FUNCTION recipes_search_delete();
CREATE TRIGGER recipes_search_truncate AFTER TRUNCATE
    ON recipes_recipe FOR EACH STATEMENT EXECUTE FUNCTION recipes_search_delete();

INSERT INTO recipes_search (id, document)
    SELECT id, recipes_search_document(name, tag_names::text, description, visibility) FROM recipes_recipe ORDER BY id;
"""
NO_TABLE = """
DROP TRIGGER recipes_search_write ON recipes_recipe;
DROP TRIGGER recipes_search_delete ON recipes_recipe;
DROP TRIGGER recipes_search_truncate ON recipes_recipe;
DROP FUNCTION recipes_search_delete();
DROP FUNCTION recipes_search_write();
DROP TABLE recipes_search;
DROP FUNCTION recipes_search_document(text, text, text, text);
"""


class OnPostgreSQL(migrations.RunSQL):
    """SQL that other databases pass over."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ('recipes', '0002_premium_and_trending'),
    ]

    operations = [
        OnPostgreSQL(FUNCTIONS, NO_FUNCTIONS),
        OnPostgreSQL(TABLE, NO_TABLE),
    ]
