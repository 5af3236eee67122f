"""Whom to follow: people near those whom one follows, people who write about what one likes, and the popular.

Found when asked for, by one statement over bounded samples, the newest of everything: so it costs the same however many
follows there are, and needs no table that could be out of date.
"""

# ruff: noqa: S608  (nothing but constants of this module is put into its SQL)

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Q

from accounts.models import Follow, User, unmuted
from accounts.shapes import page_of, short_user
from posts.statements import WrittenStatement
from recipes.reads import SIGNED_IN

SUGGESTIONS_MAX = 50
PLANS = 16
# At most so many people and tags are named in a reason.
PEOPLE, TAGS = 3, 3

# The samples: whom the viewer follows, and whom each of these follows; what the viewer liked, saved, rated and wrote;
# the tags of that, and what was written with each; the follows by which the popular are found.
_FOLLOWEES, _OF_FOLLOWEE = 200, 50
_LIKED, _WRITTEN, _TAGS, _OF_TAG = 100, 50, 10, 100
_FOLLOWS = 5_000
_RATED_HIGHLY = 4

# `WITH` of the whole statement. On PostgreSQL each sample ends at its limit; SQLite, without LATERAL, numbers all rows.
_SAMPLES = f"""
    WITH mine AS MATERIALIZED (
        SELECT f.followee_id AS id FROM accounts_follow f
        WHERE f.follower_id = %(viewer)s
          AND f.followee_id NOT IN (SELECT m.muted_id FROM accounts_mute m WHERE m.muter_id = %(viewer)s)
        ORDER BY f.id DESC LIMIT {_FOLLOWEES}
    ), rated AS MATERIALIZED (
        SELECT id, recipe_id FROM recipes_rating WHERE user_id = %(viewer)s AND score >= {_RATED_HIGHLY}
    ), post AS MATERIALIZED (
        SELECT * FROM (SELECT post_id AS id FROM posts_postreaction
                       WHERE user_id = %(viewer)s AND kind = 'like' ORDER BY id DESC LIMIT {_LIKED}) liked
        UNION
        SELECT * FROM (SELECT post_id FROM posts_save
                       WHERE user_id = %(viewer)s ORDER BY id DESC LIMIT {_LIKED}) saved
        UNION
        SELECT * FROM (SELECT id FROM posts_post WHERE author_id = %(viewer)s AND status = 'published'
                       ORDER BY published_at DESC, id DESC LIMIT {_WRITTEN}) written
    ), recipe AS MATERIALIZED (
        SELECT * FROM (SELECT recipe_id AS id FROM rated ORDER BY id DESC LIMIT {_LIKED}) highly
        UNION
        SELECT coalesce(p.announces_id, p.recipe_id) FROM post JOIN posts_post p ON p.id = post.id
        WHERE coalesce(p.announces_id, p.recipe_id) IS NOT NULL
        UNION
        SELECT * FROM (SELECT id FROM recipes_recipe
                       WHERE seller_id = %(viewer)s ORDER BY id DESC LIMIT {_WRITTEN}) cooked
    ), tag AS MATERIALIZED (
        SELECT tag_id AS id, count(*) AS uses FROM (
            SELECT pt.tag_id FROM post JOIN posts_posttag pt ON pt.post_id = post.id
            UNION ALL
            SELECT rt.tag_id FROM recipe JOIN recipes_recipetag rt ON rt.recipe_id = recipe.id
        ) used
        GROUP BY tag_id ORDER BY uses DESC, tag_id DESC LIMIT {_TAGS}
    )
"""
_KNOWN = {
    "postgresql": f"""
        SELECT mine.id AS via, f.id FROM mine CROSS JOIN LATERAL (
            SELECT followee_id AS id FROM accounts_follow WHERE follower_id = mine.id
            ORDER BY id DESC LIMIT {_OF_FOLLOWEE}
        ) f
    """,
    "sqlite": f"""
        SELECT via, id FROM (
            SELECT follower_id AS via, followee_id AS id,
                   row_number() OVER (PARTITION BY follower_id ORDER BY id DESC) AS place
            FROM accounts_follow WHERE follower_id IN (SELECT id FROM mine)
        ) WHERE place <= {_OF_FOLLOWEE}
    """,
}
_TAGGED = {
    "postgresql": f"""
        SELECT tag.id AS tag_id, p.author_id FROM tag
        CROSS JOIN LATERAL (SELECT post_id FROM posts_posttag WHERE tag_id = tag.id
                            ORDER BY published_at DESC, post_id DESC LIMIT {_OF_TAG}) pt
        JOIN posts_post p ON p.id = pt.post_id AND p.visibility <> 'followers'
        UNION
        SELECT tag.id, r.seller_id FROM tag
        CROSS JOIN LATERAL (SELECT recipe_id FROM recipes_recipetag WHERE tag_id = tag.id
                            ORDER BY recipe_id DESC LIMIT {_OF_TAG}) rt
        JOIN recipes_recipe r ON r.id = rt.recipe_id
    """,
    "sqlite": f"""
        SELECT pt.tag_id, p.author_id FROM (
            SELECT tag_id, post_id, row_number() OVER (
                PARTITION BY tag_id ORDER BY published_at DESC, post_id DESC) AS place
            FROM posts_posttag WHERE tag_id IN (SELECT id FROM tag)
        ) pt JOIN posts_post p ON p.id = pt.post_id AND p.visibility <> 'followers' WHERE place <= {_OF_TAG}
        UNION
        SELECT rt.tag_id, r.seller_id FROM (
            SELECT tag_id, recipe_id, row_number() OVER (PARTITION BY tag_id ORDER BY recipe_id DESC) AS place
            FROM recipes_recipetag WHERE tag_id IN (SELECT id FROM tag)
        ) rt JOIN recipes_recipe r ON r.id = rt.recipe_id WHERE place <= {_OF_TAG}
    """,
}
_JSON = {"postgresql": "jsonb_agg({0})::text", "sqlite": "json_group_array({0})"}


@dataclass(frozen=True)
class _Found:
    """Somebody and why. `count` friends or tags; those of whom `names` has the ids (friends) or the names (tags)."""

    kind: str
    person: int
    count: int
    names: list[Any]


def suggestions(viewer: Any, *, limit: int) -> list[dict[str, Any]]:
    """Up to LIMIT people whom VIEWER might follow, each with the reason: two queries.

    Never the viewer, whom they follow or mute, or with whom there is a block, or who has closed the account.
    """
    found = _found(viewer, limit)
    friends = {friend for one in found if one.kind == "followed_by" for friend in one.names[:PEOPLE]}
    ids = {one.person for one in found} | friends
    people = {user.pk: user for user in User.objects.listed_for(viewer).filter(pk__in=ids).with_page(viewer)}
    return [
        {"user": page_of(people[one.person]), "reason": _reason(one, people)} for one in found if one.person in people
    ]


def _reason(found: _Found, people: dict[int, User]) -> dict[str, Any]:
    named = found.names[:PEOPLE] if found.kind == "followed_by" else []
    popular = found.kind == "popular"
    return {
        "kind": found.kind,
        "people": [short_user(people[friend]) for friend in named if friend in people],
        "count": people[found.person].profile.follower_count if popular else found.count,
        "tags": sorted(found.names)[:TAGS] if found.kind == "shared_tags" else [],
    }


def _found(viewer: Any, limit: int) -> list[_Found]:
    """The best first, each person once, for the first reason that there is."""
    rows = _statement(limit, connection.vendor).fetch(viewer=viewer.pk)
    found: dict[int, _Found] = {}
    for kind, person, count, names in _in_order(rows):
        found.setdefault(person, _Found(kind, person, count, orjson.loads(names)))
    return list(found.values())[:limit]


_KINDS = ("followed_by", "shared_tags", "popular")


def _in_order(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: (_KINDS.index(row[0]), -row[2], -row[1]))


@lru_cache(PLANS)
def _statement(limit: int, vendor: str) -> WrittenStatement:
    """LIMIT of each kind are enough: whoever is of two kinds leaves the first one short of LIMIT, or in it whole."""
    kinds = [
        f"""
        SELECT 'followed_by' AS kind, known.id AS person, count(*) AS number,
               {_JSON[vendor].format("known.via")} AS names
        FROM ({_KNOWN[vendor]}) known WHERE known.id IN ({{people}}) GROUP BY known.id
        """,
        f"""
        SELECT 'shared_tags', tagged.author_id, count(*), {_JSON[vendor].format("t.name")}
        FROM ({_TAGGED[vendor]}) tagged JOIN recipes_tag t ON t.id = tagged.tag_id
        WHERE tagged.author_id IN ({{people}}) GROUP BY tagged.author_id
        """,
        f"""
        SELECT 'popular', latest.followee_id, count(*), '[]'
        FROM (SELECT followee_id FROM accounts_follow ORDER BY id DESC LIMIT {_FOLLOWS}) latest
        WHERE latest.followee_id IN ({{people}}) GROUP BY latest.followee_id
        """,
    ]
    best = [f"SELECT * FROM ({kind} ORDER BY 3 DESC, 2 DESC LIMIT {limit}) kind{n}" for n, kind in enumerate(kinds)]
    people = User.objects.listed_for(SIGNED_IN).filter(unmuted(SIGNED_IN, "pk"))
    followed = Follow.objects.filter(follower=SIGNED_IN.pk).values("followee")
    people = people.filter(~Q(pk=SIGNED_IN.pk), ~Q(pk__in=followed))
    return WrittenStatement(_SAMPLES + " UNION ALL ".join(best), people=people.values("pk"))
