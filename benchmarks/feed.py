"""The SQL of the home feed and of follow suggestions, at 10,000 posts and at a million, in one run.

`python -m benchmarks.feed` starts a PostgreSQL of its own, fills it by generate_series, and measures medians of the
application's own functions; for each feed also the textbook's query as a peer: the newest posts whose author is in a
subquery of those followed. Also what fan-out to 10,000 followers takes a worker.
"""

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.servers import running_services

SIZES = (10_000, 1_000_000)
RUNS = 50
PEOPLE = 20_000
FOLLOWERS = 10_000
# Three readers: of busy people, of people who have written nothing for long, and of some with too many followers.
BUSY, QUIET, STARS = 1, 2, 3
FOLLOWED = 200
STAR_COUNT = 20

_PEOPLE = f"""
    INSERT INTO accounts_user (id, username, email, password, role, staff_role, display_name, first_name, last_name,
                               is_active, is_staff, is_superuser, date_joined)
    SELECT n, 'p' || n, 'p' || n || '@example.org', '', 'seller', '', 'Person ' || n, '', '', true, false, false, now()
    FROM generate_series(1, {PEOPLE}) n;
    INSERT INTO accounts_profile (user_id, version, bio, website, follower_count, following_count, recipe_count,
                                  post_count, created_at, updated_at)
    SELECT n, 1, '', '', 0, 0, 0, 0, now(), now() FROM generate_series(1, {PEOPLE}) n;
"""
# The readers follow FOLLOWED people each: 1,001 on (busy), 2,001 on (quiet), and the busy and the stars (3,001 on).
# Person 4 has 10,000 followers. Everybody else follows five of the others.
_FOLLOWS = f"""
    INSERT INTO accounts_follow (follower_id, followee_id, created_at)
    SELECT {BUSY}, 1000 + n, now() FROM generate_series(1, {FOLLOWED}) n UNION ALL
    SELECT {QUIET}, 2000 + n, now() FROM generate_series(1, {FOLLOWED}) n UNION ALL
    SELECT {STARS}, 1000 + n, now() FROM generate_series(1, {FOLLOWED}) n UNION ALL
    SELECT {STARS}, 3000 + n, now() FROM generate_series(1, {STAR_COUNT}) n UNION ALL
    SELECT 10000 + n, 4, now() FROM generate_series(1, {FOLLOWERS}) n UNION ALL
    SELECT n, 5000 + (n * 7 + k * 613) % 4000, now() FROM generate_series(1001, 5000) n, generate_series(1, 25) k;
"""
# A post each half minute. The quiet (2,001 to 2,200) wrote the very first ones alone; of the rest every twentieth is
# a star's, every fifth one of the busy's.
_POSTS = """
    INSERT INTO posts_post (author_id, kind, text, visibility, status, published_at, tag_names, version, is_pulled,
        like_count, dislike_count, comment_count, repost_count, save_count, view_count, created_at, updated_at)
    SELECT author, 'status', 'Post ' || n, 'public', 'published', at, '[]', 1, author BETWEEN 3001 AND 3020,
           n % 50, 0, n % 7, n % 3, 0, 0, at, at
    FROM (
        SELECT n, now() - interval '30 seconds' * ({posts} - n) AS at,
               CASE WHEN n <= 2000 THEN 2001 + n % 200 WHEN n % 20 = 0 THEN 3001 + (n / 20) % 20
                    WHEN n % 5 = 0 THEN 1001 + (n / 5) % 200 ELSE 5000 + n % 4000 END AS author
        FROM generate_series(1, {posts}) n
    ) made
"""
# What fan-out and the nightly trim leave: the newest thousand of each reader, and some of other people's.
_ENTRIES = """
    INSERT INTO posts_feedentry (user_id, post_id, author_id, published_at)
    SELECT f.follower_id, p.id, p.author_id, p.published_at
    FROM (VALUES (1), (2), (3)) reader(id) JOIN LATERAL (
        SELECT p.* FROM posts_post p WHERE NOT p.is_pulled AND p.author_id IN (
            SELECT followee_id FROM accounts_follow WHERE follower_id = reader.id)
        ORDER BY p.published_at DESC, p.id DESC LIMIT 1000
    ) p ON true JOIN accounts_follow f ON f.follower_id = reader.id AND f.followee_id = p.author_id;
    INSERT INTO posts_feedentry (user_id, post_id, author_id, published_at)
    SELECT f.follower_id, p.id, p.author_id, p.published_at
    FROM (SELECT * FROM posts_post WHERE author_id > 5000 ORDER BY id DESC LIMIT 20000) p
    JOIN accounts_follow f ON f.followee_id = p.author_id;
"""
_TAGS = """
    INSERT INTO recipes_tag (name) SELECT 'tag' || n FROM generate_series(1, 50) n ON CONFLICT DO NOTHING;
    INSERT INTO posts_posttag (post_id, tag_id, published_at)
    SELECT p.id, t.id, p.published_at FROM posts_post p
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM recipes_tag) t ON t.n = 1 + p.id % 50;
    INSERT INTO posts_postreaction (post_id, user_id, kind, created_at)
    SELECT id, 1, 'like', now() FROM posts_post ORDER BY id DESC LIMIT 500;
"""
# The peer: what a first version of a feed asks.
_TEXTBOOK = """
    SELECT id FROM posts_post WHERE status = 'published'
    AND author_id IN (SELECT followee_id FROM accounts_follow WHERE follower_id = {reader})
    ORDER BY published_at DESC, id DESC LIMIT 21
"""


def median_ms(call: Callable[[], Any]) -> float:
    """Of RUNS runs after as many as PostgreSQL takes to settle on a plan."""
    for _ in range(8):
        call()
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def measure() -> dict[str, list[float]]:
    """Milliseconds of each case by size."""
    from django.db import connection

    from accounts.models import User
    from posts.feed.candidates import candidates
    from posts.feed.keys import newest_keys
    from posts.suggestions import suggestions

    figures: dict[str, list[float]] = {}

    def execute(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    def asked(sql: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    execute(_PEOPLE)
    execute(_FOLLOWS)
    # The index of words is another benchmark's, and would take minutes to fill.
    execute("ALTER TABLE posts_post DISABLE TRIGGER USER")
    for posts in SIZES:
        execute("TRUNCATE posts_post CASCADE")
        execute(_POSTS.format(posts=posts))
        execute("ANALYZE")
        execute(_ENTRIES)
        execute(_TAGS)
        execute("VACUUM ANALYZE")
        for label, reader in (("busy", BUSY), ("quiet", QUIET), ("with 20 stars", STARS)):
            viewer = User.objects.get(pk=reader)
            last = newest_keys(viewer, count=300)[-1]
            cases: dict[str, Callable[[], Any]] = {
                f"latest, {label}": partial(newest_keys, viewer, count=21),
                f"latest, page 15, {label}": partial(newest_keys, viewer, count=21, after=last),
                f"candidates of ranked, {label}": partial(candidates, viewer),
                f"textbook, {label}": partial(asked, _TEXTBOOK.format(reader=reader)),
            }
            for name, call in cases.items():
                figures.setdefault(name, []).append(median_ms(call))
        busy = User.objects.get(pk=BUSY)
        figures.setdefault("suggestions, all of it", []).append(median_ms(partial(suggestions, busy, limit=20)))
        figures.setdefault("fan-out to 10,000", []).append(fan_out_ms())
    return figures


def fan_out_ms() -> float:
    """The median of five jobs, as a worker runs them."""
    from django.db import transaction

    from posts.feed import fan_out  # noqa: F401  the job
    from posts.models import Post
    from realtime.jobs import execute
    from realtime.outbox import record_job

    times = []
    for _ in range(5):
        post = Post.objects.create(author_id=4, text="Read this.")
        with transaction.atomic():
            job = record_job("posts.fan_out", post_id=post.pk)
        began = time.perf_counter()
        assert execute(job.id)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    with running_services() as running:
        running.execute("postgres", "CREATE DATABASE simmer")
        os.environ.update(running.simmer_env(DEBUG="1"))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        print(f"{'; '.join(running.names)}: medians of {RUNS} runs, ms")
        print(f"| {'':36} | {SIZES[0]:>9,} | {SIZES[1]:>9,} | ratio |\n|{'-' * 38}|----------:|----------:|------:|")
        for label, (small, large) in measure().items():
            print(f"| {label:36} | {small:9.2f} | {large:9.2f} | {large / small:5.2f} |")


if __name__ == "__main__":
    main()
