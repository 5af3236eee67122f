"""POST /api/reports/."""

from typing import Any

import pytest

from posts.models import Report
from tests.posts.conftest import Person
from tests.posts.moderation.conftest import decide, queue, report


def test_all_kinds_of_things_are_reported_and_queued_oldest_first(sally: Person, bob: Person, molly: Person) -> None:
    recipe = sally.create()
    post = sally.write("Cheap pans!")
    comment = sally.post(f"/api/posts/{post['id']}/comments/", {"text": "Really cheap."}).json()
    reported = [
        report(bob, "recipe", recipe["id"]),
        report(bob, "post", post["id"], note="Advertising."),
        report(bob, "comment", comment["id"]),
        report(bob, "user", sally.user.pk),
    ]
    assert reported[1] == {
        "id": reported[1]["id"],
        "target": "post",
        "target_id": post["id"],
        "reason": "spam",
        "note": "Advertising.",
        "status": "open",
        "created_at": reported[1]["created_at"],
    }
    queued = queue(molly)
    assert [item["id"] for item in queued] == [item["id"] for item in reported]
    assert [item["thing"]["text"] for item in queued] == ["Shakshuka", "Cheap pans!", "Really cheap.", ""]
    assert {item["thing"]["owner"]["username"] for item in queued} == {"sally"}
    assert {item["reporter"]["username"] for item in queued} == {"bob"}


def test_the_same_again_is_the_first_one_while_that_is_open(ann: Person, bob: Person, molly: Person) -> None:
    post = ann.write()["id"]
    first = report(bob, "post", post)
    again = bob.post("/api/reports/", {"target": "post", "id": post, "reason": "abuse"})
    assert (again.status_code, again.json()) == (200, first)
    assert report(molly, "post", post)["id"] != first["id"]
    decide(molly, first["id"], "dismissed")
    anew = bob.post("/api/reports/", {"target": "post", "id": post, "reason": "abuse"})
    assert (anew.status_code, anew.json()["status"]) == (201, "open")


def test_a_repost_and_an_announcement_are_what_they_show(ann: Person, bob: Person, sally: Person) -> None:
    recipe, post = sally.create(), sally.write()
    assert report(bob, "post", recipe["post_id"])["target_id"] == recipe["id"]
    assert report(bob, "post", recipe["post_id"])["target"] == "recipe"
    reported = report(bob, "post", ann.repost(post["id"])["id"])
    assert (reported["target"], reported["target_id"]) == ("post", post["id"])


def test_nobody_reports_what_is_theirs(sally: Person) -> None:
    for target, thing_id in (("user", sally.user.pk), ("post", sally.write()["id"]), ("recipe", sally.create()["id"])):
        response = sally.post("/api/reports/", {"target": target, "id": thing_id, "reason": "spam"})
        assert (response.status_code, response.json()["code"]) == (400, "report_oneself")
    assert not Report.objects.exists()


def test_what_one_may_not_see_one_cannot_report(ann: Person, bob: Person) -> None:
    hidden = ann.write(visibility="followers")["id"]
    gone = ann.write()["id"]
    comment = bob.post(f"/api/posts/{gone}/comments/", {"text": "First."}).json()["id"]
    bob.delete(f"/api/comments/{comment}/")
    ann.delete(f"/api/posts/{gone}/")
    things = [("post", hidden), ("post", gone), ("comment", comment), ("recipe", 1), ("user", 10**12)]
    for target, thing_id in things:
        response = bob.post("/api/reports/", {"target": target, "id": thing_id, "reason": "spam"})
        assert response.status_code == 404, target
    ann.block(bob)
    assert bob.post("/api/reports/", {"target": "user", "id": ann.user.pk, "reason": "abuse"}).status_code == 404
    # The one who blocks still sees the other, and may say why.
    assert ann.post("/api/reports/", {"target": "user", "id": bob.user.pk, "reason": "abuse"}).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"target": "rating"}, "target"),
        ({"target": None}, "target"),
        ({"id": "1"}, "id"),
        ({"id": 0}, "id"),
        ({"id": 2**63}, "id"),
        ({"reason": "dislike"}, "reason"),
        ({"note": "x" * 2001}, "note"),
        ({"note": 5}, "note"),
    ],
    ids=repr,
)
def test_what_means_nothing_is_400_and_named(ann: Person, changes: dict[str, Any], field: str) -> None:
    response = ann.post("/api/reports/", {"target": "user", "id": 1, "reason": "spam", **changes})
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


def test_a_report_with_an_idempotency_key_is_made_once(ann: Person, bob: Person, molly: Person) -> None:
    body = {"target": "user", "id": ann.user.pk, "reason": "spam"}
    first = bob.post("/api/reports/", body, headers={"Idempotency-Key": "one"})
    decide(molly, first.json()["id"], "resolved")
    again = bob.post("/api/reports/", body, headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert Report.objects.count() == 1
