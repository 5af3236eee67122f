"""PATCH /api/moderation/reports/{id}/: what staff do, and the audit of it."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from posts.models import ModerationAction
from tests.actors import client_of
from tests.concurrently import at_once
from tests.factories import PostFactory, UserFactory
from tests.posts.conftest import Person, events
from tests.posts.moderation.conftest import audit, decide, queue, report


def test_a_decision_closes_all_open_reports_of_the_thing(ann: Person, bob: Person, carl: Person, molly: Person) -> None:
    post, other = ann.write()["id"], ann.write()["id"]
    first, second, third = report(bob, "post", post), report(carl, "post", post), report(carl, "post", other)
    response = decide(molly, first["id"], "dismissed", note="It is a good pan.")
    assert (response.status_code, response.json()["status"]) == (200, "dismissed")
    assert [item["id"] for item in queue(molly, "?status=open")] == [third["id"]]
    assert [item["id"] for item in queue(molly, "?status=dismissed")] == [first["id"], second["id"]]
    assert audit(molly) == [("dismissed", "post", "ann")]
    action = molly.get("/api/moderation/actions/").json()["results"][0]
    assert (action["note"], action["report_id"], action["moderator"]["username"]) == (
        "It is a good pan.",
        first["id"],
        "molly",
    )


def test_the_same_decision_again_does_nothing(ann: Person, bob: Person, molly: Person) -> None:
    reported = report(bob, "post", ann.write()["id"])
    for _ in range(2):
        assert decide(molly, reported["id"], "resolved").status_code == 200
    assert audit(molly) == [("resolved", "post", "ann")]


def test_a_report_is_opened_again(ann: Person, bob: Person, molly: Person) -> None:
    post = ann.write()["id"]
    reported = report(bob, "post", post)
    decide(molly, reported["id"], "dismissed")
    assert decide(molly, reported["id"], "open").json()["status"] == "open"
    assert audit(molly) == [("reopened", "post", "ann"), ("dismissed", "post", "ann")]
    decide(molly, reported["id"], "dismissed")
    report(bob, "post", post)
    response = decide(molly, reported["id"], "open")
    assert (response.status_code, response.json()["code"]) == (409, "reported_again")


def test_what_is_removed_is_gone_for_everyone_and_written_down(sally: Person, bob: Person, molly: Person) -> None:
    recipe, post = sally.create(), sally.write()
    comment = sally.post(f"/api/posts/{bob.write()['id']}/comments/", {"text": "Cheap pans!"}).json()
    for target, thing, path in (
        ("recipe", recipe, "recipes"),
        ("post", post, "posts"),
        ("comment", comment, "comments"),
    ):
        reported = report(bob, target, thing["id"])
        response = decide(molly, reported["id"], "resolved", action="remove")
        assert response.status_code == 200, response.content
        assert response.json()["status"] == "resolved"
        assert sally.get(f"/api/{path}/{thing['id']}/").status_code == 404
        assert audit(molly)[:2] == [("resolved", target, "sally"), ("removed", target, "sally")]
        # Who moderates is named to nobody else.
        assert (
            events(f"{target}:{thing['id']}" if target != "comment" else f"post:{comment['post_id']}")[-1]["actor"]
            is None
        )
        again = decide(molly, reported["id"], "resolved", action="remove")
        assert (again.status_code, again.json()["code"]) == (409, "already_gone")


def test_a_comment_with_replies_leaves_a_tombstone(ann: Person, bob: Person, molly: Person) -> None:
    post = ann.write()["id"]
    comment = bob.post(f"/api/posts/{post}/comments/", {"text": "Cheap pans!"}).json()["id"]
    ann.post(f"/api/comments/{comment}/replies/", {"text": "Go away."})
    assert decide(molly, report(ann, "comment", comment)["id"], "resolved", action="remove").status_code == 200
    [left] = ann.get(f"/api/posts/{post}/comments/").json()["results"]
    assert (left["id"], left["is_deleted"], left["text"]) == (comment, True, "")


@pytest.mark.parametrize("path", ["recipes", "posts", "comments"])
def test_what_moderators_delete_without_a_report_is_written_down_too(
    sally: Person, bob: Person, molly: Person, path: str
) -> None:
    def thing(person: Person) -> int:
        if path == "recipes":
            return person.create()["id"]
        post = person.write()["id"]
        return post if path == "posts" else person.post(f"/api/posts/{post}/comments/", {"text": "x"}).json()["id"]

    assert sally.delete(f"/api/{path}/{thing(sally)}/").status_code == 204
    assert audit(molly) == []
    assert molly.delete(f"/api/{path}/{thing(sally)}/").status_code == 204
    assert audit(molly) == [("removed", path.removesuffix("s"), "sally")]


def test_an_admin_suspends_the_owner_of_what_is_reported(ann: Person, bob: Person, root: Person, molly: Person) -> None:
    post = ann.write()["id"]
    reported = report(bob, "post", post)
    refused = decide(molly, reported["id"], "resolved", action="suspend")
    assert (refused.status_code, refused.json()["code"]) == (403, "admins_only")
    assert decide(root, reported["id"], "resolved", action="suspend", note="Spam only.").status_code == 200
    assert ann.get("/api/me/").status_code == 401
    assert bob.get("/api/users/ann/").status_code == bob.get(f"/api/posts/{post}/").status_code == 404
    assert "session.revoked" in [event["type"] for event in events(f"inbox:{ann.user.pk}")]
    assert audit(molly) == [("resolved", "post", "ann"), ("suspended", "user", "ann")]
    again = decide(root, reported["id"], "resolved", action="suspend")
    assert (again.status_code, again.json()["code"]) == (409, "already_gone")


def test_nobody_decides_about_what_is_theirs(molly: Person, root: Person, bob: Person) -> None:
    for staff in (molly, root):
        for reported in (report(bob, "user", staff.user.pk), report(bob, "post", staff.write()["id"])):
            response = decide(staff, reported["id"], "dismissed")
            assert (response.status_code, response.json()["code"]) == (403, "own_thing")


@pytest.mark.parametrize(
    "body",
    [
        {"status": "dismissed", "action": "remove"},
        {"status": "open", "action": "suspend"},
        {"status": "resolved", "action": "remove"},
    ],
    ids=repr,
)
def test_an_action_that_does_not_fit_is_400(ann: Person, bob: Person, root: Person, body: dict[str, Any]) -> None:
    response = root.patch(f"/api/moderation/reports/{report(bob, 'user', ann.user.pk)['id']}/", body)
    assert (response.status_code, response.json()["code"]) == (400, "wrong_action")
    assert ann.get("/api/me/").status_code == 200
    assert audit(root) == []


@pytest.mark.parametrize("body", [{}, {"status": "closed"}, {"status": "resolved", "action": "ban"}], ids=repr)
def test_what_means_nothing_is_400_and_named(ann: Person, bob: Person, molly: Person, body: dict[str, Any]) -> None:
    response = molly.patch(f"/api/moderation/reports/{report(bob, 'user', ann.user.pk)['id']}/", body)
    assert response.status_code == 400
    assert set(response.json()["errors"]) <= {"status", "action"}


def test_a_report_that_is_not_there_is_404(molly: Person) -> None:
    assert molly.get("/api/moderation/reports/1/").status_code == 404
    assert decide(molly, 1, "resolved").status_code == 404
    assert molly.get(f"/api/moderation/reports/{10**30}/").status_code == 404


def test_staff_see_what_is_reported_even_where_a_block_stands_between(ann: Person, bob: Person, molly: Person) -> None:
    reported = report(bob, "post", ann.write("Cheap pans!")["id"])
    ann.block(molly)
    assert [item["thing"]["text"] for item in queue(molly)] == ["Cheap pans!"]
    assert decide(molly, reported["id"], "resolved", action="remove").status_code == 200


def test_a_thing_its_owner_deleted_leaves_the_report(ann: Person, bob: Person, molly: Person) -> None:
    post = ann.write()["id"]
    reported = report(bob, "post", post)
    ann.delete(f"/api/posts/{post}/")
    [item] = queue(molly)
    assert (item["thing"], item["target_id"]) == (None, post)
    assert decide(molly, reported["id"], "resolved").status_code == 200
    assert audit(molly) == [("resolved", "post", None)]


@pytest.mark.parametrize("path", ["/api/moderation/reports/", "/api/moderation/actions/"])
def test_a_list_costs_the_same_queries_for_5_and_50(
    ann: Person, molly: Person, person: Callable[..., Person], path: str, django_assert_num_queries: Any
) -> None:
    made = 0
    for wanted in (5, 50):
        for number in range(made, wanted):
            reported = report(person(f"p{number}"), "post", PostFactory(author=ann.user).pk)
            decide(molly, reported["id"], "dismissed")
        made = wanted
        with django_assert_num_queries(3):
            assert len(molly.get(f"{path}?limit=100").json()["results"]) == wanted


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins() -> None:
    bob, staff = Person(UserFactory()), UserFactory.create_batch(4, staff_role="moderator")
    reported = report(bob, "post", PostFactory().pk)
    path = f"/api/moderation/reports/{reported['id']}/"
    body = {"status": "resolved", "action": "remove"}
    clients = [client_of(one) for one in staff]

    def call(client: APIClient) -> Callable[[], int]:
        return lambda: client.patch(path, body, format="json").status_code

    assert sorted(at_once(map(call, clients))) == [200, 409, 409, 409]
    assert ModerationAction.objects.count() == 2
