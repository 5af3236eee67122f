"""What the demo people say to each other: posts, comments, replies, likes, reposts."""

import random
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import User
from posts.models import Post, PostReaction, PostTag, Reaction, Save
from posts.services.comments import comment_create, reply_create
from posts.services.posts import post_create, post_delete
from posts.services.reactions import liked_post, reaction_delete, reaction_set
from posts.services.reposts import repost_create
from posts.services.saves import save_set
from recipes.demo.network import EMAIL_DOMAIN
from recipes.models import Recipe


def make_conversation(people: dict[str, User], recipes: list[Recipe], rng: random.Random) -> int:
    """Everyone's posts and what is said to them and to the recipes; how many posts there are. Adds what is missing."""
    everyone = list(people.values())
    posts = [_status(entry, number, people, recipes) for number, entry in enumerate(_content()["statuses"])]
    announcements = list(Post.objects.filter(announces__in=recipes).order_by("pk"))
    _backdate(posts, announcements)
    # Each gets a like at least.
    talked = set(PostReaction.objects.filter(user__in=everyone).values_list("post", flat=True))
    for post in [*posts, *announcements]:
        if post.pk not in talked:
            _talk(post, everyone, rng)
    return len(posts) + len(announcements)


def delete_conversation(usernames: list[str]) -> None:
    """All that these demo people wrote, one event each, as if they had done it themselves."""
    theirs = Post.objects.filter(author__username__in=usernames, author__email__endswith=f"@{EMAIL_DOMAIN}")
    for post in theirs.exclude(kind=Post.Kind.RECIPE).select_related("author__profile__picture").order_by("-pk"):
        post_delete(user=post.author, post=post)


def like(user: User, post: Post) -> int:
    """`user` likes it, or takes that back; its like_count."""
    liked = liked_post(post)
    if PostReaction.objects.filter(post=post, user=user, kind=Reaction.LIKE).exists():
        return reaction_delete(user=user, liked=liked, kind=Reaction.LIKE).counts.like_count
    return reaction_set(user=user, liked=liked, kind=Reaction.LIKE).counts.like_count


def comment_on(user: User, post: Post, rng: random.Random) -> str:
    """`user` says something fitting; what."""
    text: str = rng.choice(_content()["comments"])
    comment_create(user=user, post=post, text=text)
    return text


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(Path(__file__).with_name("content.json").read_bytes())
    return content


def _status(entry: dict[str, str], number: int, people: dict[str, User], recipes: list[Recipe]) -> Post:
    author = people[entry["author"]]
    post = Post.objects.filter(author=author, text=entry["text"]).first()
    if post is None:
        cooked = next((recipe.pk for recipe in recipes if recipe.name == entry.get("cooked")), None)
        post = post_create(user=author, content={"text": entry["text"], "recipe_id": cooked})
        # The last of the list is the newest, minutes old.
        at = timezone.now() - timedelta(hours=9 * (len(_content()["statuses"]) - number - 1), minutes=5)
        Post.objects.filter(pk=post.pk).update(published_at=at, created_at=at, updated_at=at)
    return post


def _backdate(posts: list[Post], announcements: list[Post]) -> None:
    """Announcements are as old as their recipes, and tags find posts in the order of their times."""
    recipe_age = Recipe.objects.filter(pk=OuterRef("announces")).values("created_at")
    Post.objects.filter(pk__in=[post.pk for post in announcements]).update(published_at=Subquery(recipe_age))
    post_age = Post.objects.filter(pk=OuterRef("post")).values("published_at")
    PostTag.objects.filter(post__in=[*posts, *announcements]).update(published_at=Subquery(post_age))


def _talk(post: Post, everyone: list[User], rng: random.Random) -> None:
    content = _content()
    others = [user for user in everyone if user.pk != post.author_id]
    author = next(user for user in everyone if user.pk == post.author_id)
    for user in rng.sample(others, rng.randint(1, len(others) - 2)):
        reaction_set(user=user, liked=liked_post(post), kind=Reaction.LIKE)
    for user in rng.sample(others, rng.choice((0, 1, 1, 2, 3))):
        comment = comment_create(user=user, post=post, text=rng.choice(content["comments"]))
        if rng.random() < 0.4:
            reply_create(user=author, parent=comment, text=rng.choice(content["replies"]))
    for user in rng.sample(others, rng.choice((0, 0, 1, 2))):
        if not Save.objects.filter(post=post, user=user).exists():
            save_set(user=user, post=post)
    if rng.random() < 0.15:
        repost_create(user=rng.choice(others), post=post)
