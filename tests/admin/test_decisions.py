"""What staff do in the admin goes the way of the API: counted, told, audited, and in the log of the admin as well."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Profile, User
from accounts.services.follows import follow
from posts.models import Comment, ModerationAction, Post, Report
from realtime.models import Job
from recipes.models import Recipe
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.factories import CommentFactory, PostFactory, RecipeFactory, UserFactory


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory(username="ann")


def run(staff: Client, model: str, action: str, *rows: Any, **more: str) -> str:
    """What the page says afterwards."""
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    answer = staff.post(f"/admin/{model}/", body, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def audited() -> list[tuple[str, str, int]]:
    return list(ModerationAction.objects.order_by("id").values_list("action", "target", "target_id"))


def logged() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("id")]


def test_a_suspended_person_is_signed_out_and_let_back_in_with_all_they_wrote(staff: Client, ann: User) -> None:
    access = sign_in("ann")["access"]
    post = PostFactory(author=ann)
    assert "Suspended." in run(staff, "accounts/user", "suspend", ann)
    assert bearer(access).get("/api/me/").status_code == 401
    assert Client().get(f"/api/posts/{post.pk}/").status_code == 404
    assert Job.objects.filter(task="accounts.end_follows", args={"user_id": ann.pk}).exists()

    assert "Let back in." in run(staff, "accounts/user", "restore", ann)
    assert Client().get(f"/api/posts/{post.pk}/").status_code == 200
    sign_in("ann")
    assert audited() == [("suspended", "user", ann.pk), ("restored", "user", ann.pk)]
    assert logged() == ["Suspended.", "Let back in."]


def test_what_cannot_be_done_for_one_is_done_for_none(staff: Client, ann: User, root: User) -> None:
    said = run(staff, "accounts/user", "suspend", ann, root)
    assert said == "Nothing was done: Somebody else has to decide about you."
    assert User.objects.filter(is_active=True).count() == 2
    assert not audited() and not logged()
    assert "is open" in run(staff, "accounts/user", "restore", ann)


def test_moderators_do_not_suspend(ann: User, root: User) -> None:
    molly = UserFactory(username="molly", is_staff=True, staff_role=User.StaffRole.MODERATOR)
    molly.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(molly)
    assert "Only admins suspend" in run(client, "accounts/user", "suspend", ann)
    assert User.objects.get(pk=ann.pk).is_active


def test_premium_is_given_from_its_end_on_and_ended(staff: Client, ann: User) -> None:
    run(staff, "accounts/user", "grant_month", ann)
    run(staff, "accounts/user", "grant_year", ann)
    ann.refresh_from_db()
    assert ann.premium_until is not None
    assert timedelta(days=394) < ann.premium_until - timezone.now() <= timedelta(days=395)
    run(staff, "accounts/user", "end_premium", ann)
    assert not User.objects.get(pk=ann.pk).is_premium
    assert [event["type"] for event in events_on(f"inbox:{ann.pk}")] == ["rights.changed"] * 3
    assert logged() == ["30 days of premium more.", "A year of premium more.", "Premium ended."]


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_post_is_removed_counted_told_and_audited(staff: Client, ann: User, one_by_one: bool) -> None:
    post = PostFactory(author=ann)
    if one_by_one:
        assert staff.post(f"/admin/posts/post/{post.pk}/delete/", {"post": "yes"}).status_code == 302
    else:
        run(staff, "posts/post", "delete_selected", post, post="yes")
    assert not Post.objects.exists()
    assert Profile.objects.get(user=ann).post_count == 0
    assert events_on(f"post:{post.pk}")[-1]["type"] == "post.deleted"
    assert audited() == [("removed", "post", post.pk)]
    assert LogEntry.objects.get().object_repr == str(post)


def test_an_announcement_goes_with_its_recipe_alone(staff: Client) -> None:
    recipe = RecipeFactory()
    post = Post.objects.get(announces=recipe)
    page = staff.get(f"/admin/posts/post/{post.pk}/delete/").content.decode()
    assert "it announces a recipe: remove that" in page
    run(staff, "posts/post", "delete_selected", post, PostFactory(), post="yes")
    assert Post.objects.count() == 2
    run(staff, "recipes/recipe", "delete_selected", recipe, post="yes")
    assert not Recipe.objects.exists() and not Post.objects.filter(pk=post.pk).exists()
    assert audited() == [("removed", "recipe", recipe.pk)]


def test_a_removed_comment_keeps_its_place_without_its_words(staff: Client) -> None:
    comment = CommentFactory(text="Rude.")
    run(staff, "posts/comment", "delete_selected", comment, post="yes")
    comment.refresh_from_db()
    assert comment.is_deleted and comment.text == ""
    assert audited() == [("removed", "comment", comment.pk)]
    assert "it is removed already" in staff.get(f"/admin/posts/comment/{comment.pk}/delete/").content.decode()


def test_reports_are_decided(staff: Client, ann: User) -> None:
    post, other = PostFactory(), PostFactory()
    first, second = (
        Report.objects.create(target="post", target_id=each.pk, post=each, reporter=ann, reason="spam")
        for each in (post, other)
    )
    run(staff, "posts/report", "remove_thing", first)
    run(staff, "posts/report", "dismiss", second)
    assert not Post.objects.filter(pk=post.pk).exists() and Post.objects.filter(pk=other.pk).exists()
    assert list(Report.objects.order_by("id").values_list("status", flat=True)) == ["resolved", "dismissed"]
    run(staff, "posts/report", "reopen", second)
    assert Report.objects.get(pk=second.pk).status == "open"
    assert [action for action, *_ in audited()] == ["removed", "resolved", "dismissed", "reopened"]


def test_dead_jobs_are_tried_again_and_the_log_has_them_alone(staff: Client) -> None:
    dead, waiting, dead_too = (
        Job.objects.create(task="tests.none", state=state, attempts=5, error="Gone.", enqueue_at=timezone.now())
        for state in (Job.State.DEAD, Job.State.QUEUED, Job.State.DEAD)
    )
    assert run(staff, "realtime/job", "try_again", dead, waiting, dead_too) == "2 jobs will be tried again."
    for job in (dead, dead_too):
        job.refresh_from_db()
        assert (job.state, job.attempts, job.error) == (Job.State.QUEUED, 0, "")
    assert Job.objects.get(pk=waiting.pk).attempts == 5
    assert {(entry.object_id, entry.get_change_message()) for entry in LogEntry.objects.all()} == {
        (str(job.pk), "Tried again.") for job in (dead, dead_too)
    }


def test_who_is_no_moderator_removes_and_decides_nothing(ann: User) -> None:
    clerk = UserFactory(username="clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(clerk)
    post, comment = PostFactory(), CommentFactory()
    report = Report.objects.create(target="post", target_id=post.pk, post=post, reporter=ann, reason="spam")
    assert client.post(f"/admin/posts/post/{post.pk}/delete/", {"post": "yes"}).status_code == 403
    run(client, "posts/comment", "delete_selected", comment, post="yes")
    run(client, "posts/report", "dismiss", report)
    assert Post.objects.filter(pk=post.pk).exists() and not Comment.objects.get(pk=comment.pk).is_deleted
    assert Report.objects.get().status == "open"


def test_nothing_that_only_services_write_is_added_or_changed(staff: Client, ann: User) -> None:
    follow(follower=ann, followee=UserFactory())
    for address in ("posts/post/add/", "posts/comment/add/", "accounts/follow/add/", "posts/postreaction/add/"):
        assert staff.get(f"/admin/{address}").status_code == 403
    post = PostFactory()
    assert staff.post(f"/admin/posts/post/{post.pk}/change/", {"text": "Other."}).status_code == 403
