"""Who may read the channels of posts."""

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db.models import BigAutoField, Exists, OuterRef, Q

from accounts.authorizers import apart_from_blocks
from accounts.models import Block, Follow, Mute, User
from core.prepared import Parameter, Prepared
from posts.models import Post
from realtime.channels import id_of


def readers_of_post(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`post:{id}`: who may see the post, as `Post.objects.visible_to` says for one. At most three queries."""
    post = _post(id_of(key))
    if post is None:
        return set()
    wanted = set(user_ids)
    author = post["author"]
    allowed = wanted
    if post["visibility"] == Post.Visibility.FOLLOWERS:
        people = [user_id for user_id in wanted if user_id is not None]
        followers = Follow.objects.filter(followee=author, follower__in=people)
        allowed = wanted & {author, *followers.values_list("follower", flat=True)}
    return apart_from_blocks(allowed, {author, post["original__author"]} - {None})


def readers_of_feed_event(data: dict[str, Any], user_ids: Collection[int]) -> set[int]:
    """Whose feeds a `post.published` is heard on: the followers of its author whom lists may show it to. One query.

    Not those who mute, or have a block with, its author or the author of what it reposts.
    """
    author = data["author_id"]
    follows = Follow.objects.filter(followee=author, follower__in=list(user_ids))
    shown = Q(pk=author)
    if data["original_id"] is not None:
        shown |= Q(posts__pk=data["original_id"])
    people = User.objects.filter(shown).values("pk")
    hidden = (
        Exists(Block.objects.filter(blocker=OuterRef("follower"), blocked__in=people))
        | Exists(Block.objects.filter(blocked=OuterRef("follower"), blocker__in=people))
        | Exists(Mute.objects.filter(muter=OuterRef("follower"), muted__in=people))
    )
    return set(follows.exclude(hidden).values_list("follower", flat=True))


def _post(post_id: int | None) -> dict[str, Any] | None:
    """The post, if it is published and everyone who has to do with it is still there."""
    if post_id is None:
        return None
    found = _prepared_post().fetch({"post": post_id}, limit=1)
    return found[0] if found else None


@cache
def _prepared_post() -> Prepared:
    return Prepared(
        Post.objects.filter(
            ~Q(original__author__is_active=False),
            pk=Parameter("post", BigAutoField()),
            status=Post.Status.PUBLISHED,
            author__is_active=True,
        ).values("author", "visibility", "original__author")
    )
