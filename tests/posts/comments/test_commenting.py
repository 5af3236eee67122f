"""Commenting on posts and recipes, and replying."""

from typing import Any

import pytest

from media_pipeline.drawn import drawn_url
from posts.models import Comment, Post
from tests.factories import PostFactory
from tests.jobs import run_jobs
from tests.posts.reactions.conftest import comment_on, done, reply_to, stored, stored_comment
from tests.recipes.conftest import Person, events


def told(person: Person) -> list[tuple[str, int | None]]:
    """(kind, comment) of what PERSON is notified of, newest first."""
    run_jobs()
    return [(item["kind"], item["comment_id"]) for item in done(person.get("/api/notifications/"))["results"]]


def test_a_comment_is_counted_and_heard(ann: Person, bob: Person, anonymous: Person, post_id: int) -> None:
    response = bob.post(f"/api/posts/{post_id}/comments/", {"text": "  Smells good! "})
    assert response.status_code == 201
    comment = response.json()
    assert comment == {
        "id": comment["id"],
        "post_id": post_id,
        "parent_id": None,
        "author": {
            "id": bob.user.pk,
            "username": "bob",
            "display_name": "bob",
            "picture": drawn_url("picture", bob.user.pk, "bob"),
            "role": "customer",
        },
        "text": "Smells good!",
        "like_count": 0,
        "dislike_count": 0,
        "reply_count": 0,
        "is_liked": False,
        "is_disliked": False,
        "is_deleted": False,
        "version": 1,
        "created_at": comment["created_at"],
        "updated_at": comment["created_at"],
    }
    assert response["Location"] == f"/api/comments/{comment['id']}/"
    assert response["ETag"] == bob.get(response["Location"])["ETag"]
    assert done(anonymous.get(f"/api/posts/{post_id}/"))["comment_count"] == 1
    [event] = events(f"post:{post_id}")
    assert event == {
        "type": "comment.created",
        "at": event["at"],
        "actor": {
            "id": bob.user.pk,
            "username": "bob",
            "display_name": "bob",
            "picture": drawn_url("picture", bob.user.pk, "bob"),
        },
        "post_id": post_id,
        "recipe_id": None,
        "comment_id": comment["id"],
        "parent_id": None,
        "comment": {**event["comment"], "id": comment["id"], "text": "Smells good!", "dislike_count": None},
        "comment_count": 1,
        "reply_count": None,
    }
    assert set(event["comment"]) == set(comment)
    assert told(ann) == [("comment", None)]


def test_a_comment_on_a_recipe_is_one_on_its_announcement(bob: Person, anonymous: Person, recipe_id: int) -> None:
    announcement = Post.objects.get(announces=recipe_id)
    comment = done(bob.post(f"/api/recipes/{recipe_id}/comments/", {"text": "With feta!"}))
    assert comment["post_id"] == announcement.pk
    assert done(anonymous.get(f"/api/recipes/{recipe_id}/"))["comment_count"] == 1
    listed = done(anonymous.get(f"/api/recipes/{recipe_id}/comments/"))["results"]
    assert listed == done(anonymous.get(f"/api/posts/{announcement.pk}/comments/"))["results"]
    for channel in (f"recipe:{recipe_id}", f"post:{announcement.pk}"):
        [event] = events(channel)
        assert (event["type"], event["recipe_id"], event["comment_count"]) == ("comment.created", recipe_id, 1)


def test_a_comment_on_a_repost_is_one_on_what_it_shows(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    repost = PostFactory(author=eve.user, original=stored(post_id))
    comment_id = comment_on(bob, repost.pk)
    assert (stored_comment(comment_id).post_id, stored(post_id).comment_count) == (post_id, 1)
    assert done(bob.get(f"/api/posts/{repost.pk}/comments/"))["results"][0]["id"] == comment_id
    assert told(ann) == [("comment", None)]
    assert told(eve) == []


def test_a_reply_is_counted_twice_and_heard(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    reply = done(eve.post(f"/api/comments/{comment_id}/replies/", {"text": "Indeed, @ann."}))
    assert (reply["post_id"], reply["parent_id"]) == (post_id, comment_id)
    event = events(f"post:{post_id}")[-1]
    assert (event["type"], event["parent_id"], event["comment_id"]) == ("comment.created", comment_id, reply["id"])
    assert (event["comment_count"], event["reply_count"]) == (2, 1)
    assert (stored(post_id).comment_count, stored_comment(comment_id).reply_count) == (2, 1)
    assert told(bob) == [("reply", comment_id)]
    assert ("mention", reply["id"]) in told(ann)


def test_a_reply_to_a_reply_is_refused(bob: Person, eve: Person, post_id: int) -> None:
    reply_id = reply_to(eve, comment_on(bob, post_id))
    response = bob.post(f"/api/comments/{reply_id}/replies/", {"text": "No."})
    assert (response.status_code, response.json()["code"]) == (409, "reply_to_reply")
    assert (Comment.objects.count(), stored(post_id).comment_count) == (2, 2)
    assert done(bob.get(f"/api/comments/{reply_id}/replies/"))["results"] == []


@pytest.mark.parametrize("text", ["", " \n\t ", None, 7, ["a"], {}, True, "x" * 2_001, "x" * 100_000], ids=str)
def test_a_text_has_1_to_2000_characters(bob: Person, post_id: int, text: Any) -> None:
    response = bob.post(f"/api/posts/{post_id}/comments/", {"text": text})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["text"])
    assert (Comment.objects.count(), stored(post_id).comment_count) == (0, 0)


@pytest.mark.parametrize("body", ['{"text": "a\\u0000b"}', '{"text": "\\ud800"}', "[]", "7", "{"])
def test_what_is_no_text_is_refused(bob: Person, post_id: int, body: str) -> None:
    assert bob.post(f"/api/posts/{post_id}/comments/", body).status_code == 400
    assert not Comment.objects.exists()


def test_2000_characters_of_any_kind_are_kept(bob: Person, post_id: int) -> None:
    text = "🍲é" * 1_000
    assert done(bob.post(f"/api/posts/{post_id}/comments/", {"text": text}))["text"] == text


def test_what_one_may_not_see_cannot_be_commented_on(ann: Person, bob: Person, post_id: int, recipe_id: int) -> None:
    comment_id = comment_on(ann, post_id)
    hidden = PostFactory(author=ann.user, visibility="followers").pk
    assert bob.post(f"/api/posts/{hidden}/comments/", {"text": "?"}).status_code == 404
    done(ann.put("/api/users/bob/block/"))
    for address in (
        *(f"posts/{post_id}/comments", f"recipes/{recipe_id}/comments", f"comments/{comment_id}/replies"),
        *("posts/0/comments", "comments/99999999999999999999/replies"),
    ):
        assert bob.post(f"/api/{address}/", {"text": "?"}).status_code == 404, address
        assert bob.get(f"/api/{address}/").status_code == 404, address
    assert bob.get(f"/api/comments/{comment_id}/").status_code == 404


def test_a_reply_to_somebody_who_has_blocked_one_is_404(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    done(bob.put("/api/users/eve/block/"))
    assert eve.post(f"/api/comments/{comment_id}/replies/", {"text": "?"}).status_code == 404
    assert ann.post(f"/api/comments/{comment_id}/replies/", {"text": "!"}).status_code == 201


def test_the_same_key_comments_once(bob: Person, post_id: int) -> None:
    path, headers = f"/api/posts/{post_id}/comments/", {"Idempotency-Key": "one-comment"}
    first = bob.post(path, {"text": "Once."}, headers=headers)
    again = bob.post(path, {"text": "Once."}, headers=headers)
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert stored(post_id).comment_count == 1


def test_commenting_needs_signing_in(anonymous: Person, post_id: int) -> None:
    assert anonymous.post(f"/api/posts/{post_id}/comments/", {"text": "Hi."}).status_code == 401
