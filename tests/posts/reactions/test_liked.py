"""The list of what a person likes."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Comment, CommentReaction, Post, PostReaction
from tests.factories import PostFactory
from tests.posts.reactions.conftest import comment_on, done, stored
from tests.recipes.conftest import Person


def liked(person: Person, kind: str = "posts") -> list[int]:
    return [item["id"] for item in done(person.get(f"/api/me/liked/?limit=100&type={kind}"))["results"]]


def test_liked_posts_are_listed_newest_like_first(ann: Person, bob: Person, eve: Person, recipe_id: int) -> None:
    first, second, disliked = (PostFactory(author=ann.user).pk for _ in range(3))
    announcement = Post.objects.get(announces=recipe_id).pk
    done(bob.put(f"/api/posts/{second}/like/"))
    done(bob.put(f"/api/recipes/{recipe_id}/like/"))
    done(bob.put(f"/api/posts/{first}/like/"))
    done(bob.put(f"/api/posts/{disliked}/dislike/"))
    done(eve.put(f"/api/posts/{disliked}/like/"))
    assert liked(bob) == [first, announcement, second]
    [post, *_] = done(bob.get("/api/me/liked/"))["results"]
    assert (post["is_liked"], post["like_count"]) == (True, 1)
    page = done(bob.get("/api/me/liked/?limit=2"))
    assert [item["id"] for item in done(bob.get(page["next"]))["results"]] == [second]


def test_liked_comments_are_listed_newest_like_first(ann: Person, bob: Person, post_id: int) -> None:
    first, second, third = (comment_on(ann, post_id, f"No. {number}") for number in range(3))
    for comment_id in (second, first, third):
        done(bob.put(f"/api/comments/{comment_id}/like/"))
    done(bob.put(f"/api/comments/{third}/dislike/"))
    assert liked(bob, "comments") == [first, second]
    [comment, _] = done(bob.get("/api/me/liked/?type=comments"))["results"]
    assert comment == done(bob.get(f"/api/comments/{first}/"))


def test_what_one_may_no_longer_see_is_listed_no_longer(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(eve, post_id)
    done(bob.put(f"/api/posts/{post_id}/like/"))
    done(bob.put(f"/api/comments/{comment_id}/like/"))
    for hidden, posts, comments in (("eve", [post_id], []), ("ann", [], [])):
        done(bob.put(f"/api/users/{hidden}/mute/"))
        assert (liked(bob), liked(bob, "comments")) == (posts, comments), hidden
        done(bob.delete(f"/api/users/{hidden}/mute/"))
    assert liked(bob, "comments") == [comment_id]
    done(eve.delete(f"/api/comments/{comment_id}/"))
    assert liked(bob, "comments") == []
    Post.objects.filter(pk=post_id).update(visibility="followers")
    assert liked(bob) == []


def test_a_type_that_there_is_not_is_named(bob: Person) -> None:
    response = bob.get("/api/me/liked/?type=recipes")
    assert (response.status_code, list(response.json()["errors"])) == (400, ["type"])


def test_a_cursor_of_one_list_is_none_of_another(ann: Person, bob: Person, post_id: int) -> None:
    assert bob.get("/api/me/liked/?cursor=x").status_code == 400


@pytest.mark.parametrize("kind", ["posts", "comments"])
def test_the_list_costs_the_same_queries_for_5_and_50(ann: Person, bob: Person, post_id: int, kind: str) -> None:
    counts = []
    for more in (5, 45):
        posts = [PostFactory(author=ann.user) for _ in range(more)]
        comments = Comment.objects.bulk_create(Comment(post=post, author=ann.user, text="Yes.") for post in posts)
        likes: Any = {"user": bob.user, "kind": "like"}
        PostReaction.objects.bulk_create(PostReaction(post=post, **likes) for post in posts)
        CommentReaction.objects.bulk_create(CommentReaction(comment=comment, **likes) for comment in comments)
        with CaptureQueriesContext(connection) as queries:
            assert len(liked(bob, kind)) == sum((5, 45)[: len(counts) + 1])
        counts.append(len(queries))
    # Who asks, the likes (comments come with them), the posts.
    assert counts == ([3, 3] if kind == "posts" else [2, 2])
    assert stored(post_id).like_count == 0
