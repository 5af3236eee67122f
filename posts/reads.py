"""Reading posts: queries that are compiled once (core/prepared.py), for lists, for some by their ids and for one."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField, BigIntegerField, CharField, F, QuerySet, Subquery, TextField
from django.db.models.functions import Lower

from accounts.models import User, unmuted
from core.json_rows import AmongIds
from core.prepared import Parameter, Prepared, PreparedPages
from posts.models import Post
from posts.shapes import post_rows, post_shape
from recipes.models import Tag
from recipes.reads import SIGNED_IN

_ID = BigAutoField()

# Which parameters the query has: viewer, author (an id), username, tag.
Plan = frozenset[str]


def build(plan: Plan, beyond: Mapping[str, Parameter]) -> QuerySet[Post, dict[str, Any]]:
    """The rows of a list. An unknown author is no row."""
    viewer = _viewer("viewer" in plan)
    return post_rows(_narrowed(plan, viewer), viewer)


def build_tagged(plan: Plan, beyond: Mapping[str, Parameter]) -> QuerySet[Post, dict[str, Any]]:
    """The rows of a tag's posts, out of the index `post_of_tag` in its own order; PLAN has `tag`."""
    viewer = _viewer("viewer" in plan)
    tags = Tag.objects.filter(name=Parameter("tag", CharField()))
    # A post has a tag once.
    posts = _narrowed(plan, viewer).filter(post_tags__tag=Subquery(tags.values("id")[:1]))
    posts = posts.annotate(tagged_at=F("post_tags__published_at"), tagged_id=F("post_tags__post_id"))
    return post_rows(posts, viewer, "tagged_at", "tagged_id")


# Newest first, of everybody, of an author or (TAGGED) of a tag.
PAGES = PreparedPages[Post, Plan](build, order=("-published_at", "-id"))
TAGGED = PreparedPages[Post, Plan](build_tagged, order=("-tagged_at", "-tagged_id"))


def build_scheduled(plan: None, beyond: Mapping[str, Parameter]) -> QuerySet[Post, dict[str, Any]]:
    """The rows of the posts of the viewer (the parameter) that wait for their time."""
    return post_rows(_waiting(), SIGNED_IN)


# Soonest first.
SCHEDULED = PreparedPages[Post, None](build_scheduled, order=("published_at", "id"))


def _narrowed(plan: Plan, viewer: Any) -> QuerySet[Post]:
    if plan & {"author", "username"}:
        # Whose posts are asked for by name are shown, muted or not; not what they repost of somebody muted.
        posts = Post.objects.visible_to(viewer).filter(unmuted(viewer, "original__author"))
    else:
        posts = Post.objects.listed_for(viewer)
    if "author" in plan:
        posts = posts.filter(author=Parameter("author", _ID))
    if "username" in plan:
        # As UserQuerySet.named; the text is lower case already.
        named = User.objects.alias(username_ci=Lower("username")).filter(username_ci=Parameter("username", CharField()))
        posts = posts.filter(author=Subquery(named.values("id")[:1]))
    return posts


def posts_of_ids(viewer: Any, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The post shapes of those IDS that lists may show to VIEWER, in the order of IDS. One query, none for no ids."""
    if not ids:
        return []
    values = {"ids": orjson.dumps(list(ids)).decode(), "viewer": viewer.pk}
    rows = {row["id"]: row for row in _by_ids(viewer.pk is not None).fetch(values, limit=len(ids))}
    return [post_shape(rows[post_id], viewer) for post_id in ids if post_id in rows]


def post_read(viewer: Any, post_id: int) -> dict[str, Any] | None:
    """The post as VIEWER sees it, None when they do not. One query."""
    values = {"post": min(post_id, BigIntegerField.MAX_BIGINT), "viewer": viewer.pk}
    rows = _detail(viewer.pk is not None).fetch(values, limit=1)
    return post_shape(rows[0], viewer) if rows else None


def scheduled_read(viewer: Any, post_id: int) -> dict[str, Any] | None:
    """The post of VIEWER, who is signed in, that waits for its time; None when there is none. One query."""
    values = {"post": min(post_id, BigIntegerField.MAX_BIGINT), "viewer": viewer.pk}
    rows = _scheduled().fetch(values, limit=1)
    return post_shape(rows[0], viewer) if rows else None


@cache
def _by_ids(signed_in: bool) -> Prepared:
    viewer = _viewer(signed_in)
    posts = Post.objects.listed_for(viewer).filter(AmongIds("pk", Parameter("ids", TextField())))
    return Prepared(post_rows(posts, viewer))


@cache
def _detail(signed_in: bool) -> Prepared:
    viewer = _viewer(signed_in)
    return Prepared(post_rows(Post.objects.visible_to(viewer).filter(pk=Parameter("post", _ID)), viewer))


@cache
def _scheduled() -> Prepared:
    return Prepared(post_rows(_waiting().filter(pk=Parameter("post", _ID)), SIGNED_IN))


def _waiting() -> QuerySet[Post]:
    return Post.objects.filter(author=SIGNED_IN.pk, status=Post.Status.SCHEDULED)


def _viewer(signed_in: bool) -> Any:
    return SIGNED_IN if signed_in else AnonymousUser()
