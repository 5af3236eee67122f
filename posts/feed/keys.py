"""Which posts a feed has: what was written into it, what is pulled from authors at read, and one's own, merged.

PostgreSQL answers in one statement that reads no more than a page from each source, whatever the size of the tables
(benchmarks/feed.py). Elsewhere a plain query gives the same rows, and looks at all posts of all whom one follows.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.models import Follow
from posts.feed.trim import KEPT
from posts.models import FeedEntry, Post
from posts.statements import WrittenStatement
from recipes.reads import SIGNED_IN

# Statements that are kept: a page's limit and direction are part of one.
PLANS = 64

# Three sources, each an index that is read from the cursor on. The second has two phases: whoever of the followed has
# pulled posts at all, by the newest of these; then some of each. (A join of all followed people and their posts takes
# the longer the more posts they have: 174 ms at a million, rest-speed.md.)
_MERGED = """
    WITH star AS MATERIALIZED (
        SELECT f.followee_id AS id
        FROM accounts_follow f CROSS JOIN LATERAL (
            SELECT 1 FROM posts_post p WHERE p.author_id = f.followee_id AND p.is_pulled {beyond_post} LIMIT 1
        ) pulled CROSS JOIN LATERAL (
            SELECT p.published_at, p.id FROM posts_post p
            WHERE p.author_id = f.followee_id AND p.is_pulled {beyond_post} AND p.id IN ({visible})
            ORDER BY p.published_at {way}, p.id {way} LIMIT 1
        ) first
        WHERE f.follower_id = %(viewer)s
          AND f.followee_id NOT IN (SELECT m.muted_id FROM accounts_mute m WHERE m.muter_id = %(viewer)s)
        ORDER BY first.published_at {way}, first.id {way} LIMIT {count}
    )
    SELECT published_at, id FROM (
        (SELECT e.published_at, e.post_id AS id FROM (
            SELECT published_at, post_id, author_id FROM posts_feedentry e
            WHERE user_id = %(viewer)s {beyond_entry}
            ORDER BY published_at {way}, post_id {way} LIMIT {most}
         ) e
         WHERE e.post_id IN ({visible}) AND e.author_id = ANY (ARRAY(
            SELECT f.followee_id FROM accounts_follow f WHERE f.follower_id = %(viewer)s))
         ORDER BY e.published_at {way}, e.post_id {way} LIMIT {count})
        UNION
        (SELECT pulled.published_at, pulled.id FROM star CROSS JOIN LATERAL (
            SELECT p.published_at, p.id FROM posts_post p
            WHERE p.author_id = star.id AND p.is_pulled {beyond_post} AND p.id IN ({visible})
            ORDER BY p.published_at {way}, p.id {way} LIMIT {each}
         ) pulled
         ORDER BY pulled.published_at {way}, pulled.id {way} LIMIT {count})
        UNION
        (SELECT p.published_at, p.id FROM posts_post p
         WHERE p.author_id = %(viewer)s {beyond_post} AND p.id IN ({visible})
         ORDER BY p.published_at {way}, p.id {way} LIMIT {count})
    ) merged
    ORDER BY published_at {way}, id {way} LIMIT {count}
"""
# The publication time and the id of a post: a feed's order, newest first.
Key = tuple[datetime, int]


def merged(*, count: int, each: int, forwards: bool = True, after: bool = False) -> str:
    """The SQL of the first COUNT keys, at most EACH of a pulled author's; forwards is towards older posts.

    `%(viewer)s` and, with AFTER, `%(time)s` and `%(post)s` are parameters; `{visible}` are the posts listed for the
    viewer.
    """
    than, way = ("<", "DESC") if forwards else (">", "ASC")
    return _MERGED.format(
        way=way,
        count=count,
        each=each,
        most=KEPT,
        beyond_post=f"AND (p.published_at, p.id) {than} (%(time)s, %(post)s)" if after else "",
        beyond_entry=f"AND (e.published_at, e.post_id) {than} (%(time)s, %(post)s)" if after else "",
        visible="{visible}",
    )


def newest_keys(viewer: Any, *, count: int, after: Key | None = None, forwards: bool = True) -> list[Key]:
    """The first COUNT keys of VIEWER's feed beyond AFTER, those listed for them alone: one query."""
    if connection.vendor == "postgresql":
        time, post = after or (None, None)
        return _keys(count, forwards, after is not None).fetch(viewer=viewer.pk, time=time, post=post)
    order = ("-published_at", "-id") if forwards else ("published_at", "id")
    posts = feed_posts(viewer)
    if after is not None:
        than = "lt" if forwards else "gt"
        time, post = after
        posts = posts.filter(Q(**{f"published_at__{than}": time}) | Q(**{"published_at": time, f"id__{than}": post}))
    return list(posts.order_by(*order).values_list("published_at", "id")[:count])


@lru_cache(PLANS)
def _keys(count: int, forwards: bool, after: bool) -> WrittenStatement:
    sql = merged(count=count, each=count, forwards=forwards, after=after)
    return WrittenStatement(sql, visible=listed_posts())


def listed_posts() -> QuerySet[Post, Any]:
    """What `{visible}` stands for in `merged`."""
    return Post.objects.listed_for(SIGNED_IN).values("pk")


def feed_posts(viewer: Any, *, each: int | None = None) -> QuerySet[Post]:
    """All posts of VIEWER's feed that are listed for them, at most EACH of a pulled author's: the same as `merged`."""
    followed = Follow.objects.filter(follower=viewer.pk).values("followee")
    written = FeedEntry.objects.filter(user=viewer.pk, author__in=followed).values("post")
    listed = Post.objects.listed_for(viewer)
    pulled = listed.filter(author__in=followed, is_pulled=True)
    if each is not None:
        newest = Window(RowNumber(), partition_by=F("author"), order_by=[F("published_at").desc(), F("id").desc()])
        pulled = pulled.annotate(place=newest).filter(place__lte=each)
    return listed.filter(Q(pk__in=written) | Q(pk__in=pulled.values("pk")) | Q(author=viewer.pk))
