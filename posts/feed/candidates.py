"""What a ranked feed is made of: the newest posts with the figures that they are scored by."""

from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from posts.feed.keys import feed_posts, listed_posts, merged
from posts.feed.ranking import Candidate
from posts.statements import WrittenStatement

MOST = 500
# Of an author who has too many followers for fan-out: a few of these would fill the 500 alone.
OF_A_PULLED_AUTHOR = 50
# The reader's newest likes and comments, so many of each.
INTERACTIONS = 200

# How often the viewer liked (1) or commented (2) what an author wrote. PostgreSQL and SQLite alike.
_INTERACTIONS = f"""
    SELECT author_id, sum(weight) AS interactions FROM (
        SELECT * FROM (
            SELECT p.author_id, 1 AS weight FROM posts_postreaction r JOIN posts_post p ON p.id = r.post_id
            WHERE r.user_id = %(viewer)s AND r.kind = 'like' AND p.author_id <> %(viewer)s
            ORDER BY r.id DESC LIMIT {INTERACTIONS}
        ) liked
        UNION ALL
        SELECT * FROM (
            SELECT p.author_id, 2 AS weight FROM posts_comment c JOIN posts_post p ON p.id = c.post_id
            WHERE c.author_id = %(viewer)s AND NOT c.is_deleted AND p.author_id <> %(viewer)s
            ORDER BY c.id DESC LIMIT {INTERACTIONS}
        ) commented
    ) given GROUP BY author_id
"""  # noqa: S608
# A repost is as popular as what it shows.
_CANDIDATES = f"""
    SELECT k.id, k.published_at,
           coalesce(o.like_count, p.like_count) + 2 * coalesce(o.comment_count, p.comment_count)
               + 3 * coalesce(o.repost_count, p.repost_count),
           coalesce(n.interactions, 0)::int
    FROM ({merged(count=MOST, each=OF_A_PULLED_AUTHOR)}) k
    JOIN posts_post p ON p.id = k.id
    LEFT JOIN posts_post o ON o.id = p.original_id
    LEFT JOIN ({_INTERACTIONS}) n ON n.author_id = p.author_id
"""  # noqa: S608


def candidates(viewer: Any) -> list[Candidate]:
    """The newest MOST posts of VIEWER's feed that are listed for them: one query (elsewhere than PostgreSQL two)."""
    if connection.vendor == "postgresql":
        rows = _statement().fetch(viewer=viewer.pk)
        return [Candidate(*row) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_INTERACTIONS, {"viewer": viewer.pk})
        interactions = dict(cursor.fetchall())
    shown = {name: Coalesce(F(f"original__{name}_count"), F(f"{name}_count")) for name in ("like", "comment", "repost")}
    posts = feed_posts(viewer, each=OF_A_PULLED_AUTHOR).order_by("-published_at", "-id")
    found = posts.annotate(weight=shown["like"] + 2 * shown["comment"] + 3 * shown["repost"])
    return [
        Candidate(post_id, published_at, weight, interactions.get(author_id, 0))
        for post_id, published_at, weight, author_id in found.values_list("id", "published_at", "weight", "author")[
            :MOST
        ]
    ]


@cache
def _statement() -> WrittenStatement:
    return WrittenStatement(_CANDIDATES, visible=listed_posts())
