"""Changing a comment: its author alone, and nobody's change unseen."""

import pytest

from posts.models import Comment
from tests.posts.reactions.conftest import comment_on, done, reply_to, stored_comment
from tests.recipes.conftest import Person, events


def test_an_edit_is_heard_with_the_counts_as_they_are(bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id, "Godo.")
    reply_id = reply_to(eve, comment_id, "Yse.")
    changed = done(bob.patch(f"/api/comments/{comment_id}/", {"text": "Good."}))
    assert (changed["text"], changed["version"], changed["reply_count"]) == ("Good.", 2, 1)
    assert changed["updated_at"] > changed["created_at"]
    event = events(f"post:{post_id}")[-1]
    assert (event["type"], event["comment_id"], event["comment"]["text"]) == ("comment.updated", comment_id, "Good.")
    assert (event["comment_count"], event["reply_count"], event["actor"]["username"]) == (2, None, "bob")
    done(eve.patch(f"/api/comments/{reply_id}/", {"text": "Yes."}))
    event = events(f"post:{post_id}")[-1]
    assert (event["parent_id"], event["comment_count"], event["reply_count"]) == (comment_id, 2, 1)


def test_the_same_text_again_changes_nothing_and_is_not_heard(bob: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id, "Good.")
    same = done(bob.patch(f"/api/comments/{comment_id}/", {"text": "Good."}))
    assert same["version"] == 1
    assert len(events(f"post:{post_id}")) == 1


def test_an_edit_of_what_was_edited_since_is_refused(bob: Person, ann: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    path = f"/api/comments/{comment_id}/"
    tag = bob.get(path)["ETag"]
    done(ann.put(f"{path}like/"))
    first = bob.patch(path, {"text": "One."}, headers={"If-Match": tag})
    assert first.status_code == 200, "a like is no edit"
    late = bob.patch(path, {"text": "Two."}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert bob.delete(path, headers={"If-Match": tag}).status_code == 412
    assert stored_comment(comment_id).text == "One."
    assert bob.delete(path, headers={"If-Match": first["ETag"]}).status_code == 204


def test_nobody_else_changes_it_be_they_author_of_the_post_or_moderator(
    ann: Person, bob: Person, person: type[Person], post_id: int
) -> None:
    comment_id = comment_on(bob, post_id, "Mine.")
    for other in (ann, person("molly", staff_role="moderator")):  # type: ignore[arg-type,call-arg]
        response = other.patch(f"/api/comments/{comment_id}/", {"text": "Ours."})
        assert (response.status_code, response.json()["code"]) == (403, "not_author")
    assert stored_comment(comment_id).text == "Mine."


@pytest.mark.parametrize(
    "body", [{}, {"text": " "}, {"text": None}, {"text": "x" * 2_001}], ids=["none", "blank", "null", "long"]
)
def test_an_edit_needs_a_text(bob: Person, post_id: int, body: dict[str, str]) -> None:
    comment_id = comment_on(bob, post_id, "Good.")
    response = bob.patch(f"/api/comments/{comment_id}/", body)
    assert (response.status_code, list(response.json()["errors"])) == (400, ["text"])
    assert Comment.objects.get().text == "Good."


def test_an_unchanged_comment_is_304(bob: Person, post_id: int) -> None:
    path = f"/api/comments/{comment_on(bob, post_id)}/"
    tag = bob.get(path)["ETag"]
    assert tag.startswith('"1.')
    assert bob.get(path, headers={"If-None-Match": tag}).status_code == 304
