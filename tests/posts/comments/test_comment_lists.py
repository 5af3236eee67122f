"""Lists of comments and replies: order, pages, who is in them, what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Comment, CommentReaction
from tests.factories import PASSWORD, UserFactory
from tests.posts.reactions.conftest import comment_on, done, reply_to
from tests.recipes.conftest import Person
from tests.relaying import relay_now


def texts(response: Any) -> list[str]:
    return [comment["text"] for comment in done(response)["results"]]


def test_comments_are_listed_newest_first_and_replies_oldest_first(bob: Person, eve: Person, post_id: int) -> None:
    ids = [comment_on(bob, post_id, f"c{number}") for number in range(5)]
    for number in range(5):
        reply_to(eve, ids[1], f"r{number}")
    path = f"/api/posts/{post_id}/comments/"
    first = bob.get(f"{path}?limit=3")
    assert texts(first) == ["c4", "c3", "c2"]
    # What arrives meanwhile shifts nothing.
    comment_on(bob, post_id, "c5")
    second = bob.get(first.json()["next"])
    assert (texts(second), second.json()["next"]) == (["c1", "c0"], None)
    assert second.json()["results"][0]["reply_count"] == 5
    replies = bob.get(f"/api/comments/{ids[1]}/replies/?limit=3")
    assert texts(replies) == ["r0", "r1", "r2"]
    assert texts(bob.get(replies.json()["next"])) == ["r3", "r4"]


def test_a_list_shows_the_viewers_own_reactions(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    disliked, liked = comment_on(ann, post_id), comment_on(ann, post_id)
    done(bob.put(f"/api/comments/{liked}/like/"))
    done(bob.put(f"/api/comments/{disliked}/dislike/"))
    path = f"/api/posts/{post_id}/comments/"

    def seen(person: Person) -> list[tuple[bool, bool, int | None]]:
        rows = done(person.get(path))["results"]
        return [(row["is_liked"], row["is_disliked"], row["dislike_count"]) for row in rows]

    assert seen(bob) == [(True, False, None), (False, True, None)]
    assert seen(eve) == seen(Person()) == [(False, False, None)] * 2
    assert seen(ann) == [(False, False, 0), (False, False, 1)]


def test_those_who_are_hidden_from_the_viewer_are_not_in_it(
    ann: Person, bob: Person, eve: Person, post_id: int
) -> None:
    comment_id = comment_on(bob, post_id, "bob's")
    comment_on(eve, post_id, "eve's")
    reply_to(eve, comment_id, "eve's reply")
    paths = (f"/api/posts/{post_id}/comments/", f"/api/comments/{comment_id}/replies/")
    done(ann.put("/api/users/eve/mute/"))
    assert [texts(ann.get(path)) for path in paths] == [["bob's"], []]
    assert [texts(bob.get(path)) for path in paths] == [["eve's", "bob's"], ["eve's reply"]]
    done(bob.put("/api/users/eve/block/"))
    assert [texts(bob.get(path)) for path in paths] == [["bob's"], []]
    assert texts(eve.get(paths[0])) == ["eve's"]
    assert eve.get(paths[1]).status_code == 404
    done(eve.delete("/api/me/", {"password": PASSWORD}))
    assert [texts(Person().get(path)) for path in paths] == [["bob's"], []]


def test_a_list_says_how_far_the_stream_was(bob: Person, post_id: int, recipe_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    done(bob.post(f"/api/recipes/{recipe_id}/comments/", {"text": "Good."}))
    relay_now()
    reply_to(bob, comment_id)
    for path, channel in (
        (f"posts/{post_id}/comments", f"post:{post_id}"),
        (f"comments/{comment_id}/replies", f"post:{post_id}"),
        (f"recipes/{recipe_id}/comments", f"recipe:{recipe_id}"),
    ):
        name, _, offset = bob.get(f"/api/{path}/")["Stream-Position"].split(";")
        assert (name, offset) == (channel, "1")


def test_an_unchanged_list_is_304(bob: Person, post_id: int) -> None:
    path = f"/api/posts/{post_id}/comments/"
    comment_id = comment_on(bob, post_id)
    tag = bob.get(path)["ETag"]
    assert bob.get(path, headers={"If-None-Match": tag}).status_code == 304
    done(bob.put(f"/api/comments/{comment_id}/like/"))
    assert bob.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=1000000000", "cursor=x"])
def test_a_parameter_that_means_nothing_is_named(bob: Person, post_id: int, query: str) -> None:
    response = bob.get(f"/api/posts/{post_id}/comments/?{query}")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [query.partition("=")[0]]


def test_a_cursor_of_comments_is_none_of_replies(bob: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    comment_on(bob, post_id)
    cursor = done(bob.get(f"/api/posts/{post_id}/comments/?limit=1"))["next"].partition("?")[2]
    assert bob.get(f"/api/comments/{comment_id}/replies/?{cursor}").status_code == 400


@pytest.mark.parametrize("who", ["anonymous", "bob"])
@pytest.mark.parametrize("what", ["posts/{post}/comments", "recipes/{recipe}/comments", "comments/{comment}/replies"])
def test_a_list_costs_the_same_queries_for_5_and_50(
    ann: Person, post_id: int, recipe_id: int, what: str, who: str, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(who)
    comment_id = comment_on(ann, post_id)
    announcement = done(ann.get(f"/api/recipes/{recipe_id}/"))["post_id"]
    of: dict[str, Any] = {
        "posts": {"post_id": post_id},
        "recipes": {"post_id": announcement},
        "comments": {"post_id": post_id, "parent_id": comment_id},
    }[what.partition("/")[0]]
    path = what.format(post=post_id, recipe=recipe_id, comment=comment_id)
    counts, lengths = [], []
    for more in (5, 45):
        comments = Comment.objects.bulk_create(
            Comment(author=author, text="Yes.", **of) for author in (UserFactory() for _ in range(more))
        )
        CommentReaction.objects.bulk_create(
            CommentReaction(comment=comment, user=ann.user, kind="like") for comment in comments
        )
        with CaptureQueriesContext(connection) as queries:
            lengths.append(len(texts(person.get(f"/api/{path}/?limit=100"))))
        counts.append(len(queries))
    assert lengths[1] - lengths[0] == 45
    # Who asks, what it belongs to, the stream's position, the page.
    assert counts == [3 + (who == "bob")] * 2
