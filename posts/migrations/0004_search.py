"""Full-text search of statuses on PostgreSQL, as recipes are searched (recipes/migrations/0003_search.py)."""

import importlib

from django.db import migrations

OnPostgreSQL = importlib.import_module("recipes.migrations.0003_search").OnPostgreSQL

TABLE = """
CREATE TABLE posts_search (
    id bigint PRIMARY KEY,
    document tsvector NOT NULL,
    stretches bigint[] NOT NULL GENERATED ALWAYS AS (simmer_stretches(id)) STORED
);
CREATE INDEX posts_search_words ON posts_search USING gin (document, stretches) WITH (fastupdate = off);

-- Words that somebody is still typing are looked for in how a post begins.
CREATE FUNCTION posts_search_document(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simmer_stems', simmer_words(words)) || simmer_beginnings(left(words, 100))
$$;

-- Announcements are found as recipes, what is scheduled not yet, and nobody finds out what a premium post says.
CREATE FUNCTION posts_search_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'status' AND NEW.status = 'published' AND NEW.visibility <> 'premium' THEN
        INSERT INTO posts_search (id, document) VALUES (NEW.id, posts_search_document(NEW.text))
        ON CONFLICT (id) DO UPDATE SET document = EXCLUDED.document;
    ELSIF TG_OP = 'UPDATE' THEN
        DELETE FROM posts_search WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION posts_search_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE posts_search;
    ELSE
        DELETE FROM posts_search WHERE id = OLD.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER posts_search_write AFTER INSERT OR UPDATE OF kind, status, visibility, text
    ON posts_post FOR EACH ROW EXECUTE FUNCTION posts_search_write();
CREATE TRIGGER posts_search_delete AFTER DELETE
    ON posts_post FOR EACH ROW EXECUTE FUNCTION posts_search_delete();
CREATE TRIGGER posts_search_truncate AFTER TRUNCATE
    ON posts_post FOR EACH STATEMENT EXECUTE FUNCTION posts_search_delete();

INSERT INTO posts_search (id, document)
    SELECT id, posts_search_document(text) FROM posts_post
    WHERE kind = 'status' AND status = 'published' AND visibility <> 'premium' ORDER BY id;
"""
NO_TABLE = """
DROP TRIGGER posts_search_write ON posts_post;
DROP TRIGGER posts_search_delete ON posts_post;
DROP TRIGGER posts_search_truncate ON posts_post;
DROP FUNCTION posts_search_delete();
DROP FUNCTION posts_search_write();
DROP TABLE posts_search;
DROP FUNCTION posts_search_document(text);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('posts', '0003_announcements'),
        ('recipes', '0003_search'),
    ]

    operations = [
        OnPostgreSQL(TABLE, NO_TABLE),
    ]
