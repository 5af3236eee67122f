"""Posts as clients see them: plain functions over `.values()` rows; none of them queries."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db.models import FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import may_read_premium
from accounts.shapes import short_user_fields, short_user_from
from core.json_rows import JsonArray, JsonObject
from media_pipeline.models import Media
from media_pipeline.shapes import MEDIA_FIELDS, image_fields, image_shape_from, media_shape_from
from posts.models import Post, PostMedia, Reaction
from recipes.models import Recipe

_COUNTS = ("like_count", "comment_count", "repost_count", "save_count", "view_count")
_OWN = (
    *("id", "kind", "text", "visibility", "status", "publish_at", "published_at", "tag_names", "version"),
    *("created_at", "updated_at", "dislike_count"),
    *_COUNTS,
)
_DONE = (*_COUNTS, "dislike_count", "is_liked", "is_disliked", "is_saved", "is_reposted")
_RECIPE = (
    *("id", "name", "visibility", "tag_names", "avg_rating", "rating_count"),
    *image_fields("image__"),
    *short_user_fields("seller__"),
)
_MEDIA = ("position", *(f"media__{name}" for name in MEDIA_FIELDS))
# The post itself, and what it shows if it is a repost.
_SELF, _ORIGINAL = "", "original__"


def post_rows(posts: QuerySet[Post], viewer: Any, *extra: str) -> QuerySet[Post, dict[str, Any]]:
    """POSTS as rows for `post_shape`: media, recipe, what is reposted and the viewer's own doings, in one query.

    The media and the recipe are JSON made by the database (core/json_rows.py), for joins would multiply the rows.
    """
    fields: list[str] = [*extra]
    for prefix in (_SELF, _ORIGINAL):
        posts = posts.annotate(
            **{f"{prefix}media_json": _media_of(prefix), f"{prefix}recipe_json": _recipe_of(prefix, viewer)}
        )
        fields += [prefix + name for name in (*_OWN, "media_json", "recipe_json")]
        fields += short_user_fields(f"{prefix}author__")
        if viewer.pk is not None:
            own = {
                _own("reaction", prefix): _of_viewer(f"{prefix}reactions", "user", viewer),
                _own("save", prefix): _of_viewer(f"{prefix}saves", "user", viewer),
                _own("repost", prefix): _of_viewer(f"{prefix}reposts", "author", viewer),
            }
            posts = posts.alias(**own)
            fields += [f"{_own('reaction', prefix)}__kind", f"{_own('save', prefix)}__id"]
            fields += [f"{_own('repost', prefix)}__id"]
    rows: QuerySet[Post, dict[str, Any]] = posts.values(*fields)
    return rows


def post_shape(row: Mapping[str, Any], viewer: Any) -> dict[str, Any]:
    """A post as VIEWER, for whom the row was read, sees it."""
    original = None if row["original__id"] is None else {**_shape(row, viewer, _ORIGINAL), "original": None}
    shape = {**_shape(row, viewer, _SELF), "original": original}
    if original is not None:
        # What is done to a repost is done to the post that it shows.
        shape.update((name, original[name]) for name in _DONE)
    return shape


def post_shapes(rows: Iterable[Mapping[str, Any]], viewer: Any) -> list[dict[str, Any]]:
    return [post_shape(row, viewer) for row in rows]


def _shape(row: Mapping[str, Any], viewer: Any, prefix: str) -> dict[str, Any]:
    recipe_json, media_json = row[f"{prefix}recipe_json"], row[f"{prefix}media_json"]
    recipe = orjson.loads(recipe_json) if recipe_json else None
    media = orjson.loads(media_json) if media_json else []
    author = short_user_from(row, f"{prefix}author__")
    # An announcement has no state of its own.
    announced = recipe if row[f"{prefix}kind"] == Post.Kind.RECIPE else None
    visibility = announced["visibility"] if announced else row[f"{prefix}visibility"]
    locked = visibility == Post.Visibility.PREMIUM and not may_read_premium(viewer, author["id"])
    reaction = row.get(f"{_own('reaction', prefix)}__kind")
    return {
        "id": row[f"{prefix}id"],
        "kind": row[f"{prefix}kind"],
        "author": author,
        "text": "" if locked else row[f"{prefix}text"],
        "media": _media_shapes(media, locked=locked),
        "recipe": _recipe_shape(recipe, viewer) if recipe else None,
        "tags": announced["tag_names"] if announced else row[f"{prefix}tag_names"],
        **{name: row[prefix + name] for name in _COUNTS},
        "dislike_count": row[f"{prefix}dislike_count"] if author["id"] == viewer.pk else None,
        "is_liked": reaction == Reaction.LIKE,
        "is_disliked": reaction == Reaction.DISLIKE,
        "is_saved": row.get(f"{_own('save', prefix)}__id") is not None,
        "is_reposted": row.get(f"{_own('repost', prefix)}__id") is not None,
        "visibility": visibility,
        "locked": locked,
        "status": row[f"{prefix}status"],
        "publish_at": row[f"{prefix}publish_at"],
        "published_at": row[f"{prefix}published_at"],
        "version": row[f"{prefix}version"],
        "created_at": row[f"{prefix}created_at"],
        "updated_at": row[f"{prefix}updated_at"],
    }


def _media_shapes(media: list[dict[str, Any]], *, locked: bool) -> list[dict[str, Any]]:
    """In the author's order. Of a locked post everyone sees the pictures; its video is the body."""
    media.sort(key=_position)
    for row in media:
        row["media__id"] = uuid.UUID(row["media__id"])
    return [
        {**media_shape_from(row, "media__")} for row in media if not (locked and row["media__kind"] == Media.Kind.VIDEO)
    ]


def _recipe_shape(recipe: dict[str, Any], viewer: Any) -> dict[str, Any]:
    """A recipe beside a post: what everyone may see of it."""
    image_id = recipe["image__id"]
    recipe["image__id"] = image_id and uuid.UUID(image_id)
    premium = recipe["visibility"] == Recipe.Visibility.PREMIUM
    return {
        "id": recipe["id"],
        "name": recipe["name"],
        "image": image_shape_from(recipe, "image__"),
        "seller": short_user_from(recipe, "seller__"),
        "avg_rating": recipe["avg_rating"],
        "rating_count": recipe["rating_count"],
        "locked": premium and not may_read_premium(viewer, recipe["seller__id"]),
    }


def _media_of(prefix: str) -> Subquery:
    return Subquery(
        PostMedia.objects.filter(post=OuterRef(f"{prefix}pk")).order_by().values(json=JsonArray(*_MEDIA)),
    )


def _recipe_of(prefix: str, viewer: Any) -> Subquery:
    """The recipe that is announced or was cooked, if VIEWER may see it."""
    shown = Coalesce(OuterRef(f"{prefix}announces"), OuterRef(f"{prefix}recipe"))
    return Subquery(Recipe.objects.visible_to(viewer).filter(pk=shown).values(json=JsonObject(*_RECIPE)))


def _own(what: str, prefix: str) -> str:
    """The name of the join to the viewer's own row."""
    return f"own_{what}_of_original" if prefix else f"own_{what}"


def _of_viewer(relation: str, person: str, viewer: Any) -> FilteredRelation:
    return FilteredRelation(relation, condition=Q(**{f"{relation}__{person}": viewer.pk}))


def _position(row: dict[str, Any]) -> int:
    position: int = row["position"]
    return position
