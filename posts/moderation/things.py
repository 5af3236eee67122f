"""The four things that may be reported."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from core.errors import NotFound
from posts.models import Comment, Post
from recipes.models import Recipe


@dataclass(frozen=True)
class Thing:
    """`target` is one of posts.models.moderation.TARGETS; `owner_id` whose it is: a person is their own."""

    target: str
    id: int
    owner_id: int


def visible_thing(target: str, thing_id: int, viewer: User) -> Thing:
    """What `viewer` means by that. NotFound when there is none that they may see.

    A repost has no words: it is the post that it shows. An announcement is its recipe.
    """
    return _FINDERS[target](thing_id, viewer)


def _post(thing_id: int, viewer: User) -> Thing:
    post = Post.objects.visible_to(viewer).select_related("original").filter(pk=thing_id).first()
    if post is None:
        raise NotFound("There is no such post.")
    shown = post.original or post
    if shown.announces_id is not None:
        return Thing("recipe", shown.announces_id, shown.author_id)
    return Thing("post", shown.pk, shown.author_id)


def _comment(thing_id: int, viewer: User) -> Thing:
    comment = Comment.objects.visible_to(viewer).filter(pk=thing_id, is_deleted=False).first()
    if comment is None:
        raise NotFound("There is no such comment.")
    return Thing("comment", comment.pk, comment.author_id)


def _recipe(thing_id: int, viewer: User) -> Thing:
    recipe = Recipe.objects.visible_to(viewer).filter(pk=thing_id).first()
    if recipe is None:
        raise NotFound("There is no such recipe.")
    return Thing("recipe", recipe.pk, recipe.seller_id)


def _user(thing_id: int, viewer: User) -> Thing:
    if not User.objects.visible_to(viewer).filter(pk=thing_id).exists():
        raise NotFound("There is no such person.")
    return Thing("user", thing_id, thing_id)


_FINDERS: dict[str, Callable[[int, Any], Thing]] = {
    "post": _post,
    "comment": _comment,
    "recipe": _recipe,
    "user": _user,
}
