"""The SQL of search, tags and trending lists, at 1,000 recipes and posts and at a million of each, in one run.

`python -m benchmarks.search` starts a PostgreSQL of its own, fills it by generate_series (about ten minutes), asks the
routes, and shows medians of what their SQL took. The peer ranks all that match, with the same index: what search is
without the cap.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from benchmarks.servers import running_services

SIZES = (1_000, 1_000_000)
RUNS = 20
SELLERS = 1_000

_PEOPLE = f"""
    INSERT INTO accounts_user (id, username, email, password, role, staff_role, display_name, first_name, last_name,
                               is_active, is_staff, is_superuser, date_joined)
    SELECT n, 'p' || n, 'p' || n || '@example.org', '', 'seller', '', 'Person ' || n, '', '', true, false, false, now()
    FROM generate_series(1, {SELLERS}) n;
    INSERT INTO accounts_profile (user_id, version, bio, website, follower_count, following_count, recipe_count,
                                  post_count, created_at, updated_at)
    SELECT n, 1, '', '', 0, 0, 0, 0, now(), now() FROM generate_series(1, {SELLERS}) n;
    INSERT INTO recipes_tag (name) SELECT 'tag' || n FROM generate_series(1, 50) n;
"""
# Twenty words of a vocabulary of 5,000, the first ones oftener; and words that every second, tenth, ... text has.
_TEXT = """
    (SELECT string_agg('word' || floor(5000 * power(random(), 2) + 0 * n + 0 * m)::int, ' ')
     FROM generate_series(1, 20) m)
    || CASE WHEN n % 2 = 0 THEN ' halfway' ELSE ' otherwise' END || CASE WHEN n % 10 < 1 THEN ' tenths' ELSE '' END
    || CASE WHEN n % 33 < 1 THEN ' thirty' ELSE '' END || CASE WHEN n % 100 < 1 THEN ' hundred' ELSE '' END
    || CASE WHEN n % 1000 < 1 THEN ' thousand' ELSE '' END || CASE WHEN n % 100000 < 1 THEN ' rarely' ELSE '' END
"""
_RECIPES = f"""
    INSERT INTO recipes_recipe (seller_id, visibility, name, description, tag_names, version, rating_sum, rating_count,
                                trending_score, created_at, updated_at, servings, prep_minutes, cook_minutes)
    SELECT 1 + n % {SELLERS}, 'public',
           'Soup ' || (ARRAY['smoky', 'crisp', 'golden', 'slow', 'green'])[1 + n % 5] || ' No ' || n, {_TEXT},
           jsonb_build_array('tag' || 1 + n % 50), 1, n % 5 + 1, 1, n % 1000, now(), now(), 2, n % 30, n % 60
    FROM generate_series(1, {{rows}}) n
"""
_POSTS = f"""
    INSERT INTO posts_post (author_id, kind, text, visibility, status, published_at, tag_names, version, is_pulled,
        like_count, dislike_count, comment_count, repost_count, save_count, view_count, created_at, updated_at)
    SELECT 1 + n % {SELLERS}, 'status', {_TEXT}, 'public', 'published', now() - interval '30 seconds' * ({{rows}} - n),
           '[]', 1, false, n % 50, 0, n % 7, 0, 0, 0, now(), now()
    FROM generate_series(1, {{rows}}) n
"""
# A popular tag on every second post, and the others on the rest.
_TAGS = """
    INSERT INTO recipes_recipetag (recipe_id, tag_id)
    SELECT r.id, t.id FROM recipes_recipe r JOIN recipes_tag t ON t.name = r.tag_names->>0;
    INSERT INTO posts_posttag (post_id, tag_id, published_at)
    SELECT p.id, t.id, p.published_at FROM posts_post p
    JOIN recipes_tag t ON t.name = 'tag' || CASE WHEN p.id % 2 = 0 THEN 1 ELSE 2 + p.id % 49 END;
    INSERT INTO posts_tagtrend (tag_id, score, post_count) SELECT id, id * 100, id FROM recipes_tag;
"""
# The peer: every match is ranked.
_UNCAPPED = """
    SELECT s.id FROM recipes_search s JOIN recipes_recipe r ON r.id = s.id
    WHERE s.document @@ to_tsquery('simmer_stems', '{word}')
    ORDER BY ts_rank(s.document, to_tsquery('simmer_stems', '{word}')) * r.top_score DESC, s.id DESC LIMIT 21
"""
_WORDS = ("halfway", "tenths", "thirty", "hundred", "thousand", "rarely")
_SEARCHES = {
    "the beginning of a word": "smoky sou",
    "a word that every recipe has": "soup",
    "two words": "halfway tenths",
    "two words, rarely together": "hundred rarely",
    "a phrase": '"soup smoky"',
    "one without another": "soup -halfway",
    "one or another": "thousand or rarely",
    "no recipe": "nothinglikeit",
    "two frequent words, never together": "otherwise tenths ",
}
PATHS = {
    **{f"recipes, {word}": f"/api/search/?q={word}" for word in _WORDS},
    **{f"recipes, {label}": f"/api/search/?q={quote(q)}" for label, q in _SEARCHES.items()},
    "recipes, halfway with a tag": "/api/recipes/?q=halfway&tag=tag1",
    "recipes, halfway, min_rating": "/api/recipes/?q=halfway&min_rating=5",
    "recipes, halfway of a seller": "/api/recipes/?q=halfway&seller=p9",
    **{f"posts, {word}": f"/api/search/?type=posts&q={word}" for word in _WORDS},
    "tags": "/api/tags/",
    "tags, beginning": "/api/tags/?q=tag1",
}
# Lists that are measured at the beginning and fifty pages on.
LISTS = {
    "recipes, trending": "/api/recipes/?order=trending",
    "posts of a popular tag": "/api/tags/tag1/posts/?",
}


def fill(execute: Callable[[str], Any], rows: int) -> None:
    """ROWS recipes and posts, with their words and tags. Words are written at once, which triggers do one by one."""
    execute("TRUNCATE recipes_recipe, posts_post CASCADE")
    execute("TRUNCATE posts_tagtrend")
    for table, source, sql, document in (
        ("recipes_search", "recipes_recipe", _RECIPES, "name, tag_names::text, description, visibility"),
        ("posts_search", "posts_post", _POSTS, "text"),
    ):
        execute(f"ALTER TABLE {source} DISABLE TRIGGER USER")
        execute(sql.format(rows=rows))
        execute(f"ALTER TABLE {source} ENABLE TRIGGER USER")
        execute(f"DROP INDEX {table}_words")
        execute(f"INSERT INTO {table} (id, document) SELECT id, {table}_document({document}) FROM {source} ORDER BY id")
        execute(f"CREATE INDEX {table}_words ON {table} USING gin (document, stretches) WITH (fastupdate = off)")
    execute(_TAGS)
    execute("VACUUM ANALYZE")


def measure() -> dict[str, list[float]]:
    """Milliseconds of SQL of each case, by size."""
    from django.db import connection
    from django.test import Client

    figures: dict[str, list[float]] = {}
    client = Client(SERVER_NAME="127.0.0.1")
    spent = 0.0

    def execute(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    def timed(run: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return run(*arguments)
        finally:
            spent += time.perf_counter() - began

    def median_ms(call: Callable[[], Any]) -> float:
        """Of RUNS runs after as many as PostgreSQL takes to settle on a plan."""
        nonlocal spent
        times = []
        for number in range(8 + RUNS):
            spent = 0.0
            with connection.execute_wrapper(timed):
                call()
            times += [spent] if number >= 8 else []
        return statistics.median(times) * 1000

    def get(path: str) -> Any:
        response = client.get(path)
        assert response.status_code == 200, (path, response.content)
        return response.json()

    execute(_PEOPLE)
    execute("SET maintenance_work_mem = '512MB'")
    for rows in SIZES:
        fill(execute, rows)
        for label, path in PATHS.items():
            figures.setdefault(label, []).append(median_ms(lambda path=path: get(path)))
        for label, path in LISTS.items():
            figures.setdefault(label, []).append(median_ms(lambda path=path: get(path)))
            late = f"{path}&limit=100"
            for _ in range(min(50, rows // 250)):
                late = get(late)["next"]
            late = late.replace("limit=100", "limit=20")
            figures.setdefault(f"{label}, late", []).append(median_ms(lambda late=late: get(late)))
        for word in _WORDS:
            sql = _UNCAPPED.format(word=word)
            figures.setdefault(f"uncapped, {word}", []).append(median_ms(lambda sql=sql: execute(sql)))
    return figures


def main() -> None:
    with running_services() as running:
        running.execute("postgres", "CREATE DATABASE simmer")
        os.environ.update(running.simmer_env(DEBUG="1"))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        print(f"{'; '.join(running.names)}: medians of {RUNS} runs, ms of SQL")
        print(f"| {'':43} | {SIZES[0]:>9,} | {SIZES[1]:>9,} | ratio |\n|{'-' * 45}|----------:|----------:|------:|")
        for label, (small, large) in measure().items():
            print(f"| {label:43} | {small:9.2f} | {large:9.2f} | {large / small:5.2f} |")


if __name__ == "__main__":
    main()
