"""Posts that wait for their time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Profile
from posts import publishing
from posts.models import Post, PostTag
from posts.tasks import publish_due
from realtime.channels import NAMESPACES
from realtime.models import Job, StreamEvent
from tests.factories import PostFactory
from tests.posts.conftest import Person, events
from tests.posts.test_posts import PICTURE


def ahead(**amount: float) -> str:
    return (timezone.now() + timedelta(**amount)).isoformat()


def path_of(post: dict[str, Any]) -> str:
    return f"/api/scheduled-posts/{post['id']}/"


def fall_due(*posts: dict[str, Any]) -> None:
    Post.objects.filter(pk__in=[post["id"] for post in posts]).update(publish_at=timezone.now())


def test_a_post_with_a_time_is_scheduled(ann: Person) -> None:
    when = ahead(hours=1)
    response = ann.post("/api/posts/", {"text": "Later #lunch", "publish_at": when, "image": PICTURE})
    post = response.json()
    assert (response.status_code, response["Location"]) == (201, path_of(post))
    assert (post["status"], post["tags"], len(post["media"])) == ("scheduled", ["lunch"], 1)
    assert datetime.fromisoformat(post["publish_at"]) == datetime.fromisoformat(when)
    assert ann.get(path_of(post)).json() == post
    assert ann.listed("/api/scheduled-posts/") == [post["id"]]


def test_nobody_sees_or_hears_of_it_before(ann: Person, bob: Person) -> None:
    bob.follow(ann)
    before = StreamEvent.objects.count(), Job.objects.count()
    post = ann.write("Later #lunch @bob", publish_at=ahead(hours=1))
    assert (StreamEvent.objects.count(), Job.objects.count()) == before
    for person in (ann, bob):
        for path in ("/api/posts/", "/api/posts/?tag=lunch", "/api/users/ann/posts/", "/api/feed/", "/api/me/saved/"):
            assert person.listed(path) == [], path
        assert person.get(f"/api/posts/{post['id']}/").status_code == 404
        for deed in ("like", "save", "repost"):
            assert person.put(f"/api/posts/{post['id']}/{deed}/").status_code == 404
        assert person.post(f"/api/posts/{post['id']}/comments/", {"text": "x"}).status_code == 404
        assert NAMESPACES["post"].authorize(str(post["id"]), [person.user.pk]) == set()
    assert Profile.objects.get(user=ann.user).post_count == 0
    assert not PostTag.objects.exists()


def test_others_do_not_find_it(ann: Person, bob: Person, moderator: Person, anonymous: Person) -> None:
    post = ann.write(publish_at=ahead(hours=1))
    for person in (bob, moderator):
        assert person.listed("/api/scheduled-posts/") == []
        for method in (person.get, person.patch, person.delete):
            assert method(path_of(post)).status_code == 404
    assert anonymous.get(path_of(post)).status_code == 401


@pytest.mark.parametrize(
    "when",
    [
        "",
        "soon",
        5,
        True,
        [],
        "2026-02-30T12:00:00Z",
        "2099-01-01",
        "2099-01-01T12:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1999-12-31T23:59:59Z",
        "2099-12-31T23:59:59Z",
    ],
)
def test_a_time_that_is_none_or_too_far_is_refused(ann: Person, when: Any) -> None:
    response = ann.post("/api/posts/", {"text": "x", "publish_at": when})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["publish_at"])
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "status"), [(-5, 400), (50, 400), (65, 201), (364 * 86_400, 201), (367 * 86_400, 400)]
)
def test_a_time_is_a_minute_to_a_year_ahead(ann: Person, seconds: int, status: int) -> None:
    assert ann.post("/api/posts/", {"text": "x", "publish_at": ahead(seconds=seconds)}).status_code == status


def test_a_time_may_be_in_any_zone(ann: Person) -> None:
    local = (timezone.now() + timedelta(hours=1)).astimezone(UTC).replace(microsecond=0)
    post = ann.write(publish_at=(local + timedelta(hours=5, minutes=30)).isoformat().replace("+00:00", "+05:30"))
    assert datetime.fromisoformat(post["publish_at"]) == local


def test_when_it_is_due_it_is_published_once_under_its_id(ann: Person, bob: Person) -> None:
    bob.follow(ann)
    post = ann.write("Now #lunch @bob", publish_at=ahead(hours=1))
    later = ann.write("Later", publish_at=ahead(hours=2))
    fall_due(post)
    for _ in range(2):
        publish_due()
    seen = bob.get(f"/api/posts/{post['id']}/").json()
    assert (seen["status"], seen["text"], seen["version"]) == ("published", "Now #lunch @bob", 1)
    assert datetime.fromisoformat(seen["published_at"]) >= datetime.fromisoformat(seen["publish_at"])
    assert bob.listed("/api/posts/?tag=lunch") == [post["id"]]
    [event] = events(f"user:{ann.user.pk}")[-1:]
    assert (event["type"], event["post_id"], event["actor"]["username"]) == ("post.published", post["id"], "ann")
    assert len(events("feeds")) == 1
    assert Profile.objects.get(user=ann.user).post_count == 1
    assert Job.objects.filter(task="posts.fan_out").count() == 1
    assert ann.get(path_of(post)).status_code == 404
    assert ann.listed("/api/scheduled-posts/") == [later["id"]]


def test_the_soonest_comes_first(ann: Person) -> None:
    ids = [ann.write(publish_at=ahead(hours=hours))["id"] for hours in (3, 1, 2)]
    page = ann.get("/api/scheduled-posts/?limit=2").json()
    following = ann.get(page["next"]).json()
    assert [row["id"] for row in page["results"] + following["results"]] == [ids[1], ids[2], ids[0]]


def test_its_author_changes_it_and_its_time(ann: Person) -> None:
    post = ann.write("Later #one", publish_at=ahead(hours=1))
    tag = ann.get(path_of(post))["ETag"]
    changes = {"text": "Later #two", "publish_at": ahead(hours=2), "image": PICTURE, "visibility": "followers"}
    response = ann.patch(path_of(post), changes, headers={"If-Match": tag})
    changed = response.json()
    assert (response.status_code, changed["version"], changed["tags"]) == (200, 2, ["two"])
    assert (changed["visibility"], len(changed["media"])) == ("followers", 1)
    assert changed["publish_at"] == changed["published_at"] > post["publish_at"]
    assert ann.patch(path_of(post), {"text": "x"}, headers={"If-Match": tag}).status_code == 412
    assert ann.patch(path_of(post), {"publish_at": ahead(seconds=5)}).status_code == 400
    assert not PostTag.objects.exists()


def test_the_same_again_changes_nothing_even_when_it_is_nearly_due(ann: Person) -> None:
    post = ann.write(publish_at=ahead(hours=1))
    Post.objects.filter(pk=post["id"]).update(publish_at=timezone.now() + timedelta(seconds=20))
    post = ann.get(path_of(post)).json()
    assert ann.patch(path_of(post), post).json() == post


def test_a_time_of_null_publishes_it_now(ann: Person, bob: Person) -> None:
    post = ann.write("Later", publish_at=ahead(hours=1))
    published = ann.patch(path_of(post), {"publish_at": None, "text": "Now"}).json()
    assert (published["id"], published["status"], published["text"]) == (post["id"], "published", "Now")
    assert bob.get(f"/api/posts/{post['id']}/").json()["text"] == "Now"
    assert [event["text"] for event in events(f"user:{ann.user.pk}")] == ["Now"]
    assert ann.patch(path_of(post), {"publish_at": None}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_its_author_cancels_it_with_its_media(ann: Person) -> None:
    post = ann.write(publish_at=ahead(hours=1), image=PICTURE)
    assert ann.delete(path_of(post)).status_code == 204
    assert (ann.get(path_of(post)).status_code, ann.delete(path_of(post)).status_code) == (404, 404)
    assert ann.delete(f"/api/media/{post['media'][0]['id']}/").status_code == 404


def test_of_someone_who_has_left_nothing_is_published(ann: Person) -> None:
    post = ann.write(publish_at=ahead(hours=1))
    fall_due(post)
    ann.user.is_active = False
    ann.user.save()
    publish_due()
    assert Post.objects.get().status == "scheduled"


def test_one_that_fails_holds_up_no_other(
    ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = (ann.write(text, publish_at=ahead(hours=1)) for text in ("bad", "good"))
    fall_due(bad, good)
    publish = publishing.publish

    def failing(post: Post, **kwargs: Any) -> None:
        publish(post, **kwargs)
        if post.text == "bad":
            raise ValueError("bad")

    monkeypatch.setattr(publishing, "publish", failing)
    publish_due()
    assert [event["text"] for event in events(f"user:{ann.user.pk}")] == ["good"]
    assert ann.listed("/api/scheduled-posts/") == [bad["id"]]
    assert f"scheduled_post_failed post={bad['id']}" in caplog.text
    monkeypatch.undo()
    publish_due()
    assert ann.listed("/api/scheduled-posts/") == []


def test_the_list_costs_the_same_queries_for_5_and_50(ann: Person) -> None:
    counts = []
    for more in (5, 45):
        PostFactory.create_batch(more, author=ann.user, status="scheduled", publish_at=timezone.now())
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            ann.listed("/api/scheduled-posts/?limit=100")
        counts.append(len(queries))
    assert counts == [2, 2]
