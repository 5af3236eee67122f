"""Disliking: instead of a like, and a secret between the person and the author, to whom it is a number."""

import pytest

from tests.posts.reactions.conftest import comment_on, done, stored, stored_comment
from tests.recipes.conftest import Person, events


def test_a_dislike_is_heard_by_nobody_and_counted_for_the_author_alone(
    ann: Person, bob: Person, eve: Person, post_id: int
) -> None:
    answer = done(bob.put(f"/api/posts/{post_id}/dislike/"))
    assert (answer["dislike_count"], answer["is_disliked"], answer["is_liked"]) == (None, True, False)
    assert events(f"post:{post_id}") == []
    assert done(ann.get(f"/api/posts/{post_id}/"))["dislike_count"] == 1
    assert done(ann.put(f"/api/posts/{post_id}/like/"))["dislike_count"] == 1
    assert done(eve.get(f"/api/posts/{post_id}/"))["dislike_count"] is None


def test_a_dislike_takes_the_place_of_a_like_and_the_other_way_round(bob: Person, post_id: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/like/"))
    disliked = done(bob.put(f"/api/posts/{post_id}/dislike/"))
    assert (disliked["like_count"], disliked["is_liked"], disliked["is_disliked"]) == (0, False, True)
    assert (stored(post_id).like_count, stored(post_id).dislike_count) == (0, 1)
    liked = done(bob.put(f"/api/posts/{post_id}/like/"))
    assert (liked["like_count"], liked["is_liked"], liked["is_disliked"]) == (1, True, False)
    assert (stored(post_id).like_count, stored(post_id).dislike_count) == (1, 0)
    heard = [(event["type"], event["like_count"]) for event in events(f"post:{post_id}")]
    assert heard == [("like.created", 1), ("like.deleted", 0), ("like.created", 1)]


def test_taking_back_a_like_leaves_a_dislike_and_says_so(bob: Person, post_id: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/dislike/"))
    answer = done(bob.delete(f"/api/posts/{post_id}/like/"))
    assert (answer["is_liked"], answer["is_disliked"]) == (False, True)
    assert stored(post_id).dislike_count == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_dislike_is_taken_back(bob: Person, post_id: int, times: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/dislike/"))
    for _ in range(times):
        assert done(bob.delete(f"/api/posts/{post_id}/dislike/"))["is_disliked"] is False
    assert stored(post_id).dislike_count == 0
    assert events(f"post:{post_id}") == []


def test_comments_are_disliked_alike(ann: Person, bob: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    done(ann.put(f"/api/comments/{comment_id}/like/"))
    done(ann.put(f"/api/comments/{comment_id}/dislike/"))
    assert (stored_comment(comment_id).like_count, stored_comment(comment_id).dislike_count) == (0, 1)
    assert done(bob.get(f"/api/comments/{comment_id}/"))["dislike_count"] == 1
    seen = done(ann.get(f"/api/comments/{comment_id}/"))
    assert (seen["dislike_count"], seen["is_disliked"]) == (None, True)
    assert events(f"post:{post_id}")[-1]["type"] == "like.deleted"
    done(ann.delete(f"/api/comments/{comment_id}/dislike/"))
    assert stored_comment(comment_id).dislike_count == 0
