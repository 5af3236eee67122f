"""Indexes of PostgreSQL's own kinds behind accounts/search.py; SQLite looks at every row."""

from django.db import migrations

# `LIKE 'ann%'` uses an index of this operator class under any collation.
USERNAMES = "CREATE INDEX user_username_prefix ON accounts_user (lower(username) text_pattern_ops)"
# The expression as Django writes it: it is used only when the two are the same.
WORDS = """
    CREATE INDEX user_name_words ON accounts_user USING gin (
        to_tsvector('simple'::regconfig, COALESCE(TRANSLATE(display_name, '-./:@_~', '       '), ''))
    )
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(USERNAMES)
        schema_editor.execute(WORDS)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX user_username_prefix")
        schema_editor.execute("DROP INDEX user_name_words")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_blocks_and_mutes")]

    operations = [migrations.RunPython(create, drop)]
