"""Who may read the channels of posts."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Follow, Mute, User
from posts.models import Post
from realtime.channels import id_of


def readers_of_post(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`post:{id}`: who may see the post, as `Post.objects.visible_to` says for one. At most three queries."""
    post = _post(id_of(key))
    if post is None:
        return set()
    wanted = set(user_ids)
    people = {user_id for user_id in wanted if user_id is not None}
    author = post["author"]
    allowed = wanted
    if post["visibility"] == Post.Visibility.FOLLOWERS:
        followers = Follow.objects.filter(followee=author, follower__in=people)
        allowed = wanted & {author, *followers.values_list("follower", flat=True)}
    return allowed - _blocked(people, {author, post["original__author"]} - {None})


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
    posts = Post.objects.filter(
        ~Q(original__author__is_active=False), pk=post_id, status=Post.Status.PUBLISHED, author__is_active=True
    )
    row = posts.values("author", "visibility", "original__author").first()
    return None if row is None else {**row}


def _blocked(people: Collection[int], others: Collection[int]) -> set[int]:
    """Those PEOPLE between whom and one of OTHERS there is a block, either way."""
    if not people:
        return set()
    blocks = Block.objects.filter(Q(blocker__in=people, blocked__in=others) | Q(blocked__in=people, blocker__in=others))
    pairs = set(blocks.values_list("blocker", "blocked"))
    return {one for one, other in pairs | {(other, one) for one, other in pairs} if other in others}
