"""Deleting a comment: the words go everywhere, the place stays while there are replies."""

from collections.abc import Callable

import pytest

from posts.models import Comment, ModerationAction
from realtime.models import StreamEvent
from tests.jobs import run_jobs
from tests.posts.reactions.conftest import comment_on, done, reply_to, stored, stored_comment
from tests.recipes.conftest import Person, events


def listed(person: Person, post_id: int) -> list[int]:
    return [comment["id"] for comment in done(person.get(f"/api/posts/{post_id}/comments/"))["results"]]


def test_a_deleted_comment_without_replies_is_gone(bob: Person, anonymous: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    assert bob.delete(f"/api/comments/{comment_id}/").status_code == 204
    assert anonymous.get(f"/api/comments/{comment_id}/").status_code == 404
    assert listed(anonymous, post_id) == []
    assert stored(post_id).comment_count == 0
    event = events(f"post:{post_id}")[-1]
    assert (event["type"], event["comment_count"], event["actor"]["username"]) == ("comment.deleted", 0, "bob")
    assert (event["comment"]["text"], event["comment"]["author"], event["comment"]["is_deleted"]) == ("", None, True)


def test_a_deleted_comment_with_replies_keeps_its_place(
    ann: Person, bob: Person, eve: Person, anonymous: Person, post_id: int
) -> None:
    comment_id = comment_on(bob, post_id, "Secret.")
    reply_id = reply_to(eve, comment_id)
    done(bob.delete(f"/api/comments/{comment_id}/"))
    [tombstone] = done(anonymous.get(f"/api/posts/{post_id}/comments/"))["results"]
    assert (tombstone["id"], tombstone["text"], tombstone["author"]) == (comment_id, "", None)
    assert (tombstone["is_deleted"], tombstone["reply_count"]) == (True, 1)
    assert done(anonymous.get(f"/api/comments/{comment_id}/")) == tombstone
    assert [reply["id"] for reply in done(anonymous.get(f"/api/comments/{comment_id}/replies/"))["results"]] == [
        reply_id
    ]
    assert (stored(post_id).comment_count, Comment.objects.filter(text="Secret.").count()) == (1, 0)
    for person, method, action in (
        *((bob, "patch", ""), (bob, "delete", ""), (ann, "put", "like/"), (ann, "put", "dislike/")),
        *((eve, "delete", "like/"), (ann, "post", "replies/")),
    ):
        response = getattr(person, method)(f"/api/comments/{comment_id}/{action}", {"text": "?"}, "application/json")
        assert response.status_code == 404, (method, action)
    # With its last reply it goes altogether.
    done(eve.delete(f"/api/comments/{reply_id}/"))
    assert listed(anonymous, post_id) == []
    assert (stored(post_id).comment_count, stored_comment(comment_id).reply_count) == (0, 0)


def test_a_deleted_reply_is_counted_no_longer(bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    reply_id = reply_to(eve, comment_id)
    done(eve.delete(f"/api/comments/{reply_id}/"))
    event = events(f"post:{post_id}")[-1]
    assert (event["parent_id"], event["comment_count"], event["reply_count"]) == (comment_id, 1, 0)
    assert (stored(post_id).comment_count, stored_comment(comment_id).reply_count) == (1, 0)
    assert done(bob.get(f"/api/comments/{comment_id}/replies/"))["results"] == []


def test_a_moderator_removes_a_comment_unnamed_and_on_record(
    bob: Person, person: Callable[..., Person], post_id: int
) -> None:
    molly = person("molly", staff_role="moderator")
    comment_id = comment_on(bob, post_id)
    done(molly.delete(f"/api/comments/{comment_id}/"))
    assert events(f"post:{post_id}")[-1]["actor"] is None
    action = ModerationAction.objects.get()
    assert (action.moderator, action.owner, action.action) == (molly.user, bob.user, "removed")
    assert (action.target, action.target_id) == ("comment", comment_id)


def test_ones_own_deletion_is_no_act_of_moderation(person: Callable[..., Person], post_id: int) -> None:
    molly = person("molly", staff_role="moderator")
    done(molly.delete(f"/api/comments/{comment_on(molly, post_id)}/"))
    assert events(f"post:{post_id}")[-1]["actor"]["username"] == "molly"
    assert not ModerationAction.objects.exists()


def test_nobody_else_deletes_it_not_even_the_author_of_the_post(ann: Person, bob: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    response = ann.delete(f"/api/comments/{comment_id}/")
    assert (response.status_code, response.json()["code"]) == (403, "not_author")
    assert stored(post_id).comment_count == 1


@pytest.mark.parametrize("where", ["post", "recipe"])
def test_the_words_go_from_the_events_that_are_kept(bob: Person, post_id: int, recipe_id: int, where: str) -> None:
    path = f"/api/{where}s/{post_id if where == 'post' else recipe_id}/comments/"
    comment_id = done(bob.post(path, {"text": "Unfortunate words."}))["id"]
    kept = done(bob.post(path, {"text": "Better words."}))["id"]
    done(bob.patch(f"/api/comments/{comment_id}/", {"text": "More unfortunate words."}))
    done(bob.delete(f"/api/comments/{comment_id}/"))
    before = StreamEvent.objects.count()
    assert "posts.blank_comment" in run_jobs()
    data = [str(event) for event in StreamEvent.objects.values_list("data", flat=True)]
    assert not [text for text in data if "nfortunate" in text]
    assert sum("Better words." in text for text in data) == (1 if where == "post" else 2)
    assert StreamEvent.objects.exclude(channel__startswith="inbox").count() == before
    assert stored_comment(kept).text == "Better words."
    first = StreamEvent.objects.filter(data__comment_id=comment_id).earliest("id").data
    assert (first["type"], first["comment"]["author"], first["comment"]["id"]) == ("comment.created", None, comment_id)


def test_who_was_told_of_it_is_told_no_longer(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id, "Look, @eve!")
    run_jobs()
    assert done(ann.get("/api/notifications/unread-count/")) == done(eve.get("/api/notifications/unread-count/"))
    assert done(ann.get("/api/notifications/unread-count/")) == {"count": 1}
    done(bob.delete(f"/api/comments/{comment_id}/"))
    run_jobs()
    for person in (ann, eve):
        assert done(person.get("/api/notifications/"))["results"] == []
