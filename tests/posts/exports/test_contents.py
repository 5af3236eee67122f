"""What is in an export: all that is one's own, and of others nothing but whom one chose or was told of."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Application, Session
from core import exports
from posts.models import Report
from posts.services.moderation import report_decide
from realtime.models import Job
from tests.factories import PASSWORD, PostFactory
from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.exports.conftest import exported, fetched, later, ready, unpacked


@pytest.fixture
def ann(person: Callable[..., Person]) -> Person:
    return person("ann", role="seller", display_name="Ann of the oven")


def everything(person: Person) -> tuple[dict[str, Any], str]:
    """(its files, all of their text)"""
    files = unpacked(fetched(ready(person)).content)
    text = "".join(content.decode() for content in files.values())
    rows = {name.removesuffix(".json"): json.loads(data) for name, data in files.items() if name.endswith(".json")}
    return rows, text


def test_the_account_with_its_e_mail_its_profile_and_its_preferences(ann: Person) -> None:
    ann.patch("/api/me/", {"bio": "I bake.", "website": "https://ann.example"})
    ann.patch("/api/me/preferences/", {"timezone": "Europe/Berlin", "digest": False})
    found = exported(ann)
    (account,) = found["account"]
    shown = {name: account[name] for name in ("id", "username", "email", "display_name", "role", "bio", "website")}
    assert shown == {
        **{"id": ann.user.pk, "username": "ann", "email": "ann@example.com", "display_name": "Ann of the oven"},
        **{"role": "seller", "bio": "I bake.", "website": "https://ann.example"},
    }
    assert found["preferences"] == [{"timezone": "Europe/Berlin", "digest": False, "email_notifications": True}]


def test_whole_recipes(ann: Person) -> None:
    recipe = ann.create(visibility="premium", ingredients=["1 1/2-2 cups tomatoes, chopped", "4 eggs"])
    (row,) = exported(ann)["recipes"]
    assert (row["id"], row["name"], row["description"]) == (recipe["id"], recipe["name"], recipe["description"])
    assert (row["tag_names"], row["visibility"], row["servings"]) == (recipe["tags"], "premium", 2)
    assert [line["raw"] for line in row["ingredients"]] == [line["raw"] for line in recipe["ingredients"]]
    assert [float(row["ingredients"][0][end]) for end in ("quantity", "quantity_max")] == [1.5, 2]
    assert row["ingredients"][1]["quantity_max"] is None
    assert [(step["text"], step["timer_seconds"]) for step in row["steps"]] == [
        ("Cook the tomatoes down.", None),
        ("Add the eggs.", 360),
    ]


def test_what_one_wrote_and_did(ann: Person, bob: Person, sally: Person) -> None:
    recipe, post = sally.create(), bob.write("Bob's own words.")
    carrots = bob.write("Carrots.")
    bob.post(f"/api/posts/{post['id']}/comments/", {"text": "Bob's comment."})
    ann.follow(bob)
    bob.follow(ann)
    written = ann.write("Bread is in the oven. #bread")
    scheduled = ann.write("Later.", publish_at=(timezone.now() + timedelta(hours=1)).isoformat())
    ann.repost(post["id"])
    comment = ann.post(f"/api/posts/{post['id']}/comments/", {"text": "Ann's comment."}).json()
    reply = bob.post(f"/api/comments/{comment['id']}/replies/", {"text": "Bob's reply."}).json()
    ann.put(f"/api/posts/{post['id']}/like/")
    ann.put(f"/api/posts/{carrots['id']}/dislike/")
    ann.put(f"/api/comments/{reply['id']}/like/")
    ann.put(f"/api/recipes/{recipe['id']}/save/")
    ann.post("/api/views/", {"post_ids": [post["id"]]})
    ann.post("/api/reports/", {"target": "post", "id": post["id"], "reason": "spam", "note": "Ann's note."})
    assert ann.user.role == "seller"  # who does not rate
    bob.rate(recipe["id"], 4, review="Bob's review.")
    found = exported(ann)
    assert [(row["id"], row["text"], row["status"]) for row in found["posts"]] == [
        (written["id"], "Bread is in the oven. #bread", "published"),
        (scheduled["id"], "Later.", "scheduled"),
    ]
    assert [row["original_id"] for row in found["reposts"]] == [post["id"]]
    assert [(row["post_id"], row["text"]) for row in found["comments"]] == [(post["id"], "Ann's comment.")]
    assert [(row["post_id"], row["kind"]) for row in found["post_reactions"]] == [
        (post["id"], "like"),
        (carrots["id"], "dislike"),
    ]
    assert [(row["comment_id"], row["kind"]) for row in found["comment_reactions"]] == [(reply["id"], "like")]
    assert [row["recipe_id"] for row in found["saves"]] == [recipe["id"]]
    assert [row["post_id"] for row in found["views"]] == [post["id"]]
    assert [(row["target"], row["reason"], row["note"]) for row in found["reports"]] == [
        ("post", "spam", "Ann's note.")
    ]
    assert [row["username"] for row in found["following"]] == ["bob"]
    assert [row["username"] for row in found["followers"]] == ["bob"]
    told = {row["kind"]: [actor["username"] for actor in row["actors"]] for row in found["notifications"]}
    assert told == {"follow": ["bob"], "reply": ["bob"]}
    assert found["ratings"] == []


def test_ratings_with_their_reviews(bob: Person, sally: Person) -> None:
    recipe = sally.create()
    bob.rate(recipe["id"], 4, review="Too much cumin.")
    (row,) = exported(bob)["ratings"]
    assert (row["recipe_id"], row["score"], row["review"]) == (recipe["id"], 4, "Too much cumin.")


def test_media_with_their_addresses_and_the_names_of_their_files(ann: Person, picture: bytes) -> None:
    sent = ann.form("/api/media/", {"file": SimpleUploadedFile("cake.jpg", picture)}).json()
    opened = ann.post("/api/uploads/", {"filename": "bread.mp4", "content_type": "video/mp4", "length": 10})
    run_jobs()
    found = exported(ann)
    (row,) = found["media"]
    assert (row["id"], row["kind"], row["status"], row["size"]) == (sent["id"], "image", "ready", len(picture))
    assert row["original"].endswith(f"/api/media/{sent['id']}/original/") and row["original"].startswith("http")
    assert row["url"].startswith("http") and row["url"].endswith(".jpg")
    (upload,) = found["uploads"]
    assert (upload["id"], upload["metadata"]["filename"]) == (opened.json()["id"], "bread.mp4")


def test_sessions_without_what_opens_one(ann: Person) -> None:
    app = Application.objects.create(name="Cookbook", redirect_uris="https://app.example/back", user=ann.user)
    secret = app.client_secret
    Session.objects.create(
        user=ann.user, application=app, scope="read", expires_at=timezone.now() + timedelta(days=1), user_agent="Phone"
    )
    ann.user.refresh_from_db()
    ticket = ann.post("/api/realtime/ticket/").json()["ticket"]
    found, text = everything(ann)
    assert {(row["user_agent"], row["app"], row["scope"]) for row in found["sessions"]} == {
        ("", None, ""),
        ("Phone", "Cookbook", "read"),
    }
    assert [row["name"] for row in found["apps"]] == ["Cookbook"]
    for hidden in (ann.user.password, secret, ticket, PASSWORD, "generation", "client_secret", "digest_of"):
        assert hidden and hidden not in text, hidden


def test_nothing_of_others_but_whom_one_chose_or_was_told_of(ann: Person, bob: Person, carl: Person) -> None:
    post = bob.write("Bob's own words.")
    comment = bob.post(f"/api/posts/{post['id']}/comments/", {"text": "Bob's comment."}).json()
    mine = ann.write("Bread.")
    bob.post(f"/api/posts/{mine['id']}/comments/", {"text": "Bob's answer."})
    ann.follow(bob)
    ann.put(f"/api/posts/{post['id']}/like/")
    ann.put(f"/api/posts/{post['id']}/save/")
    ann.put(f"/api/comments/{comment['id']}/like/")
    ann.repost(post["id"])
    # Carl has reported her, and blocks her: neither is any of her business.
    carl.post("/api/reports/", {"target": "user", "id": ann.user.pk, "reason": "spam", "note": "Carl's note."})
    carl.block(ann)
    _, text = everything(ann)
    for hidden in ("bob@example.com", "Bob's", "carl", "Carl", str(bob.user.password)):
        assert hidden not in text, hidden
    assert "ann@example.com" in text and '"bob"' in text


def test_who_is_hidden_from_one_is_in_no_list(ann: Person, bob: Person, carl: Person, sally: Person) -> None:
    post = ann.write("Bread.")
    for other in (bob, carl, sally):
        other.follow(ann)
        other.put(f"/api/posts/{post['id']}/like/")
    run_jobs()
    bob.block(ann)
    ann.mute(carl)
    # At once: not when the jobs have taken them out.
    Job.objects.all().delete()
    found = exported(ann)
    assert [row["username"] for row in found["mutes"]] == ["carl"]
    assert {row["username"] for row in found["followers"]} == {"carl", "sally"}
    assert [[actor["username"] for actor in row["actors"]] for row in found["notifications"]] == [["sally"], ["sally"]]
    assert found["blocks"] == []
    ann.block(sally)
    later(days=2)
    found = exported(ann)
    assert [row["username"] for row in found["blocks"]] == ["sally"]
    assert [row["username"] for row in found["followers"]] == ["carl"]
    assert found["notifications"] == []


def test_a_notification_names_the_newest_who_did_it_and_no_more(ann: Person, person: Callable[..., Person]) -> None:
    post = ann.write("Bread.")
    for number in range(5):
        person(f"guest{number}").put(f"/api/posts/{post['id']}/like/")
        run_jobs()
    (row,) = exported(ann)["notifications"]
    assert (row["kind"], row["post_id"], row["actor_count"]) == ("like", post["id"], 5)
    assert [actor["username"] for actor in row["actors"]] == ["guest4", "guest3", "guest2"]


def test_what_staff_did_and_neither_who_nor_why_nor_after_which_report(
    ann: Person, carl: Person, moderator: Person
) -> None:
    post, kept = ann.write("Bread."), ann.write("More bread.")
    for target in (post, kept):
        carl.post("/api/reports/", {"target": "post", "id": target["id"], "reason": "spam"})
    removed, dismissed = Report.objects.order_by("pk")
    report_decide(moderator=moderator.user, report=removed, status="resolved", action="remove", note="Molly's note.")
    report_decide(moderator=moderator.user, report=dismissed, status="dismissed", note="Molly's note.")
    found, text = everything(ann)
    assert [(row["action"], row["target"], row["target_id"]) for row in found["moderation"]] == [
        ("removed", "post", post["id"])
    ]
    assert "molly" not in text.lower() and "carl" not in text


def test_a_deleted_comment_has_no_words_left(ann: Person, bob: Person) -> None:
    post = bob.write()
    comment = ann.post(f"/api/posts/{post['id']}/comments/", {"text": "I take this back."}).json()
    bob.post(f"/api/comments/{comment['id']}/replies/", {"text": "Why?"})
    ann.delete(f"/api/comments/{comment['id']}/")
    found, text = everything(ann)
    assert [(row["id"], row["text"], row["is_deleted"]) for row in found["comments"]] == [(comment["id"], "", True)]
    assert "take this back" not in text


def test_an_index_and_a_page_for_people_say_what_is_in_it(ann: Person) -> None:
    ann.write("Bread.")
    files = unpacked(fetched(ready(ann)).content)
    index = json.loads(files["index.json"])
    listed = {line["file"]: line["rows"] for line in index["files"]}
    assert set(files) == {*listed, "index.json", "README.txt"}
    assert {name: len(json.loads(files[name])) for name in listed} == listed
    assert (index["username"], index["user_id"], listed["posts.json"]) == ("ann", ann.user.pk, 1)
    assert all(name in files["README.txt"].decode() for name in listed)


def test_many_rows_come_in_chunks_each_once_and_in_order(
    ann: Person, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK", 3)
    for count in (3, 4):
        posts = [PostFactory(author=ann.user).pk for _ in range(count)]
        follows = [person(f"guest{count}{number}") for number in range(count)]
        for guest in follows:
            guest.follow(ann)
        later(days=2)
        found = exported(ann)
        assert [row["id"] for row in found["posts"]][-count:] == posts
        assert [row["username"] for row in found["followers"]][-count:] == [guest.user.username for guest in follows]
    assert (len(found["posts"]), len(found["followers"])) == (7, 7)
