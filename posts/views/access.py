"""Fetching what a write is about: NotFound for what the person may not see. One query each, compiled once."""

from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField, BigIntegerField, QuerySet

from core.errors import NotFound
from core.prepared import Parameter, PreparedInstance
from posts.models import Comment, Post
from recipes.reads import SIGNED_IN

_WANTED = Parameter("wanted", BigAutoField())


def get_post_for_user(user: Any, post_id: int) -> Post:
    """The published post, with its `original`. NotFound when there is none that `user` may see."""
    post = _by_id(user.pk is not None).fetch(_values(user, post_id))
    if post is None:
        raise NotFound("There is no such post.")
    return post


def get_announcement_for_user(user: Any, recipe_id: int) -> Post:
    """The announcement of the recipe. NotFound when there is no such recipe that `user` may see."""
    post = _by_recipe(user.pk is not None).fetch(_values(user, recipe_id))
    if post is None:
        raise NotFound("There is no such recipe.")
    return post


def get_comment_for_user(user: Any, comment_id: int) -> Comment:
    """The comment (perhaps a tombstone), with its `post` and `parent`. NotFound when `user` may not see both."""
    comment = _comment(user.pk is not None).fetch(_values(user, comment_id))
    if comment is None:
        raise NotFound("There is no such comment.")
    return comment


@cache
def _by_id(signed_in: bool) -> PreparedInstance[Post]:
    return PreparedInstance(_posts(signed_in).filter(pk=_WANTED))


@cache
def _by_recipe(signed_in: bool) -> PreparedInstance[Post]:
    return PreparedInstance(_posts(signed_in).filter(announces=_WANTED))


@cache
def _comment(signed_in: bool) -> PreparedInstance[Comment]:
    comments = Comment.objects.visible_to(_viewer(signed_in)).filter(pk=_WANTED)
    return PreparedInstance(comments.select_related("post", "parent"))


def _posts(signed_in: bool) -> QuerySet[Post, Post]:
    return Post.objects.visible_to(_viewer(signed_in)).select_related("original")


def _viewer(signed_in: bool) -> Any:
    return SIGNED_IN if signed_in else AnonymousUser()


def _values(user: Any, wanted: int) -> dict[str, Any]:
    return {"viewer": user.pk, "wanted": min(wanted, BigIntegerField.MAX_BIGINT)}
