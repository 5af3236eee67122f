"""What a ranked feed puts first, and that it says why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from posts.feed.ranking import Candidate, rank, why
from posts.models import Post
from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.feed.conftest import RANKED, feed, page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(**changes: Any) -> dict[str, float]:
    fields: dict[str, Any] = {"post_id": 1, "published_at": NOW, "weight": 0, "interactions": 0}
    [found] = rank([Candidate(**fields | changes)], now=NOW)
    return why(found)


def test_recency_halves_in_a_day() -> None:
    ages = [timedelta(), timedelta(days=1), timedelta(days=2), timedelta(days=365)]
    assert [item(published_at=NOW - age)["recency"] for age in ages] == [1, 0.5, 0.25, 0]
    assert item(published_at=NOW + timedelta(minutes=1))["recency"] == 1


def test_popularity_grows_with_the_logarithm_up_to_a_thousand() -> None:
    assert [item(weight=weight)["popularity"] for weight in (0, 9, 99, 1000, 10**6)] == [0, 0.33, 0.67, 1, 1]


def test_affinity_is_half_at_five_interactions_and_never_whole() -> None:
    assert [item(interactions=count)["affinity"] for count in (0, 5, 45)] == [0, 0.5, 0.9]


def test_of_equal_posts_the_newer_comes_first() -> None:
    posts = [Candidate(number, NOW - timedelta(minutes=number), 0, 0) for number in (3, 1, 2)]
    assert [found[0] for found in rank(posts, now=NOW + timedelta(days=300))] == [1, 2, 3]


@pytest.mark.usefixtures("both_ways")
def test_a_liked_post_of_a_friend_comes_before_a_newer_one_of_a_stranger(
    ann: Person, bob: Person, carl: Person
) -> None:
    for author in (bob, carl):
        ann.follow(author)
    older = bob.write("Much liked.")["id"]
    newer = carl.write("Not liked.")["id"]
    assert feed(ann, RANKED) == [newer, older]
    ann.put(f"/api/posts/{older}/like/")
    ann.post(f"/api/posts/{older}/comments/", {"text": "Well done."})
    assert feed(ann, RANKED) == [older, newer]
    shown = {post["id"]: post["why"] for post in page(ann, RANKED)["results"]}
    # A like and a comment weigh 3: log 4 / log 1001, and 3 of 8.
    assert shown[older] == {"recency": 1.0, "popularity": 0.2, "affinity": 0.38}
    assert shown[newer] == {"recency": 1.0, "popularity": 0.0, "affinity": 0.0}


@pytest.mark.usefixtures("both_ways")
def test_a_repost_is_as_popular_as_what_it_shows(ann: Person, bob: Person, carl: Person) -> None:
    ann.follow(bob)
    original = carl.write()["id"]
    bob.repost(original)
    Post.objects.filter(pk=original).update(like_count=6, comment_count=0, repost_count=1)
    run_jobs()
    [post] = page(ann, RANKED)["results"]
    assert post["why"]["popularity"] == 0.33


def test_latest_says_no_why(ann: Person) -> None:
    ann.write()
    [post] = page(ann, "/api/feed/?order=latest")["results"]
    assert "why" not in post


@pytest.mark.usefixtures("both_ways")
def test_at_most_the_newest_500_are_ranked(ann: Person) -> None:
    now = timezone.now()
    Post.objects.bulk_create(
        Post(author=ann.user, text="Soup.", published_at=now - timedelta(minutes=number)) for number in range(502)
    )
    first = page(ann, f"{RANKED}&limit=100")
    pages = 1
    while first["next"]:
        first, pages = page(ann, first["next"]), pages + 1
    assert pages == 5
