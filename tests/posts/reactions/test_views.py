"""Views: told in batches, counted once for each person and day."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts import tasks  # noqa: F401  (registers the task)
from posts.models import Post, PostView
from tests.factories import PostFactory, UserFactory
from tests.posts.reactions.conftest import done, stored
from tests.recipes.conftest import Person
from tests.ticks import tick


def see(person: Person, *post_ids: int) -> int:
    counted: int = done(person.post("/api/views/", {"post_ids": list(post_ids)}))["counted"]
    return counted


def test_a_view_counts_once_for_each_person(bob: Person, eve: Person, post_id: int) -> None:
    assert [see(bob, post_id), see(bob, post_id), see(eve, post_id)] == [1, 0, 1]
    assert done(bob.get(f"/api/posts/{post_id}/"))["view_count"] == 2


def test_a_view_counts_again_on_another_day(bob: Person, post_id: int) -> None:
    see(bob, post_id)
    PostView.objects.update(day=timezone.now().date() - timedelta(days=1))
    assert see(bob, post_id) == 1
    assert stored(post_id).view_count == 2


def test_a_batch_counts_what_is_new_in_it(ann: Person, bob: Person) -> None:
    first, second, third = (PostFactory(author=ann.user).pk for _ in range(3))
    see(bob, first)
    assert see(bob, third, first, second, second) == 2
    assert [stored(post_id).view_count for post_id in (first, second, third)] == [1, 1, 1]


def test_ones_own_and_what_one_may_not_see_do_not_count(ann: Person, bob: Person, eve: Person, post_id: int) -> None:
    hidden = PostFactory(author=ann.user, visibility="followers").pk
    own = PostFactory(author=bob.user).pk
    own_shown_by_another = PostFactory(author=eve.user, original=stored(own)).pk
    assert see(bob, hidden, own, own_shown_by_another, 2**63 - 1) == 0
    done(ann.put("/api/users/bob/block/"))
    assert see(bob, post_id) == 0
    assert not Post.objects.filter(view_count__gt=0).exists()


def test_a_view_of_a_repost_is_one_of_what_it_shows(bob: Person, eve: Person, post_id: int) -> None:
    repost = PostFactory(author=eve.user, original=stored(post_id)).pk
    assert see(bob, repost, post_id) == 1
    assert (stored(post_id).view_count, stored(repost).view_count) == (1, 0)


@pytest.mark.parametrize(
    "post_ids",
    [None, [], "7", {}, [0], [-1], ["7"], [1.0], [True], [None], [[]], [2**63], list(range(1, 102))],
    ids=repr,
)
def test_what_is_no_list_of_1_to_100_ids_is_refused(bob: Person, post_ids: Any) -> None:
    response = bob.post("/api/views/", {"post_ids": post_ids})
    assert response.status_code == 400
    assert any(name.startswith("post_ids") for name in response.json()["errors"])


def test_telling_views_needs_signing_in(anonymous: Person, post_id: int) -> None:
    assert anonymous.post("/api/views/", {"post_ids": [post_id]}).status_code == 401


def test_a_batch_costs_the_same_queries_for_5_and_50_posts(ann: Person, bob: Person) -> None:
    counts = []
    for number in (5, 50):
        ids = [PostFactory(author=ann.user).pk for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            assert see(bob, *ids) == number
        counts.append(len(queries))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as queries:
        assert see(bob, *ids) == 0
    # Who asks, what is new, and around it a savepoint, for a test is a transaction.
    assert len(queries) == 4


def test_the_nightly_task_forgets_who_saw_what_before_today(bob: Person, post_id: int) -> None:
    see(bob, post_id)
    PostView.objects.create(post_id=post_id, user=UserFactory(), day=timezone.now().date() - timedelta(days=1))
    tick("posts.trim_views")
    assert list(PostView.objects.values_list("user", flat=True)) == [bob.user.pk]
    assert stored(post_id).view_count == 1
