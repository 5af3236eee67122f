"""Paging through a feed: nothing comes twice and nothing is missed, whatever is published meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Follow
from posts.models import FeedEntry, FeedRanking, Post
from tests.factories import PostFactory
from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.feed.conftest import LATEST, RANKED, feed, page, walk


def fill(reader: Person, author: Person, count: int) -> list[int]:
    """COUNT posts of AUTHOR in READER's feed, a minute apart, past the services; the newest first."""
    Follow.objects.get_or_create(follower=reader.user, followee=author.user)
    now = timezone.now()
    posts = Post.objects.bulk_create(
        Post(author=author.user, text="Soup.", published_at=now - timedelta(minutes=count - number))
        for number in range(count)
    )
    FeedEntry.objects.bulk_create(
        FeedEntry(user=reader.user, post=post, author=author.user, published_at=post.published_at) for post in posts
    )
    return [post.pk for post in posts][::-1]


@pytest.mark.parametrize("order", [LATEST, RANKED])
@pytest.mark.usefixtures("both_ways")
def test_all_pages_together_are_the_feed_forwards_and_back(ann: Person, bob: Person, order: str) -> None:
    posts = fill(ann, bob, 11)
    assert walk(ann, f"{order}&limit=3") == posts
    third = page(ann, page(ann, page(ann, f"{order}&limit=3")["next"])["next"])
    assert walk(ann, third["previous"], to="previous") == posts[:6]
    assert page(ann, third["previous"])["next"] is not None


@pytest.mark.parametrize("order", [LATEST, RANKED])
def test_posts_that_arrive_meanwhile_shift_nothing(ann: Person, bob: Person, order: str) -> None:
    ann.follow(bob)
    posts = fill(ann, bob, 9)

    def publish() -> None:
        bob.write("Just now.")
        run_jobs()

    assert walk(ann, f"{order}&limit=2", between=publish) == posts
    assert len(feed(ann, f"{order}&limit=100")) == 14


def test_likes_that_arrive_meanwhile_do_not_change_the_order_that_is_read(ann: Person, bob: Person) -> None:
    posts = fill(ann, bob, 6)
    between = lambda: Post.objects.filter(pk=posts[-1]).update(like_count=1000)  # noqa: E731
    assert walk(ann, f"{RANKED}&limit=2", between=between) == posts
    assert feed(ann, f"{RANKED}&limit=2") == posts[:2], "the order of a minute ago still holds"
    FeedRanking.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert feed(ann, f"{RANKED}&limit=2")[0] == posts[-1]


@pytest.mark.usefixtures("both_ways")
def test_an_order_is_made_anew_when_something_comes_or_follows_change(ann: Person, bob: Person, carl: Person) -> None:
    fill(ann, bob, 6)
    first = f"{RANKED}&limit=2"
    feed(ann, first)
    newest = ann.write("Mine.")["id"]
    assert feed(ann, first)[0] == newest
    carl.write("Before.")
    ann.follow(carl)
    run_jobs()
    assert {post["author"]["username"] for post in page(ann, f"{RANKED}&limit=5")["results"]} >= {carl.user.username}
    assert ann.delete(f"/api/users/{carl.user.username}/follow/").status_code == 200
    assert carl.user.username not in {post["author"]["username"] for post in page(ann, f"{RANKED}&limit=5")["results"]}


@pytest.mark.parametrize("order", [LATEST, RANKED])
def test_a_page_is_filled_though_some_of_it_was_hidden_meanwhile(
    ann: Person, bob: Person, carl: Person, order: str
) -> None:
    theirs, others = fill(ann, bob, 4), fill(ann, carl, 8)
    first = page(ann, f"{order}&limit=2")
    seen = [post["id"] for post in first["results"]]
    ann.mute(bob)
    second = page(ann, first["next"])
    assert [post["id"] for post in second["results"]] == [post for post in others if post not in seen][:2]
    assert not set(theirs) & set(walk(ann, second["next"]))
    back = page(ann, second["previous"])
    assert [post["id"] for post in back["results"]] == [post for post in seen if post in others]


def test_pulled_posts_are_paged_as_written_ones(
    ann: Person, bob: Person, carl: Person, sally: Person, settings: Settings
) -> None:
    settings.FEED_FAN_OUT_MAX = 1
    for star in (bob, sally):
        ann.follow(star)
        carl.follow(star)
    ann.follow(carl)
    written = [(bob, sally, carl, carl, bob, bob, sally)[number % 7].write()["id"] for number in range(14)]
    run_jobs()
    assert walk(ann, f"{LATEST}&limit=3") == written[::-1]
    third = page(ann, page(ann, page(ann, f"{LATEST}&limit=3")["next"])["next"])
    assert walk(ann, third["previous"], to="previous") == written[::-1][:6]


def expire(**age: int) -> None:
    FeedRanking.objects.update(created_at=timezone.now() - timedelta(**age))


def test_a_ranking_is_gone_after_15_minutes(ann: Person, bob: Person) -> None:
    fill(ann, bob, 5)
    following = page(ann, f"{RANKED}&limit=2")["next"]
    expire(minutes=14)
    assert ann.get(following).status_code == 200
    expire(minutes=15, seconds=1)
    response = ann.get(following)
    assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")


def test_the_newest_three_rankings_are_kept(ann: Person, bob: Person, carl: Person) -> None:
    fill(bob, carl, 3)
    theirs = page(bob, f"{RANKED}&limit=2")["next"]
    cursors = []
    for _ in range(4):
        fill(ann, bob, 3)
        cursors.append(page(ann, f"{RANKED}&limit=2")["next"])
    assert [ann.get(cursor).status_code for cursor in cursors] == [410, 200, 200, 200]
    assert bob.get(theirs).status_code == 200


def test_the_same_ranking_is_not_stored_again(ann: Person, bob: Person) -> None:
    fill(ann, bob, 5)
    first = ann.get(f"{RANKED}&limit=2")
    again = ann.get(f"{RANKED}&limit=2", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, FeedRanking.objects.count()) == (304, 1)


def test_a_cursor_of_somebody_else_or_changed_or_of_the_other_order_is_400(
    ann: Person, bob: Person, carl: Person
) -> None:
    fill(ann, bob, 5)
    fill(carl, bob, 5)
    for order, other in ((RANKED, "latest"), (LATEST, "ranked")):
        cursor = page(ann, f"{order}&limit=2")["next"].partition("cursor=")[2].partition("&")[0]
        for address in (
            f"/api/feed/?order={other}&cursor={cursor}",
            f"{order}&cursor={cursor}x",
            f"{order}&cursor=a%00b",
            f"{order}&cursor=%F0%9F%8D%95",
        ):
            response = ann.get(address)
            assert response.status_code == 400, address
    own = page(ann, f"{RANKED}&limit=2")["next"]
    assert (carl.get(own).status_code, carl.get(own).json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("query", ["order=best", "order=", "limit=0", "limit=-1", "limit=1000000000", "order=a%00b"])
def test_a_parameter_that_means_nothing_is_400(ann: Person, query: str) -> None:
    assert ann.get(f"/api/feed/?{query}").status_code == 400


def test_nobody_but_the_signed_in_has_a_feed(anonymous: Person) -> None:
    assert anonymous.get("/api/feed/").status_code == 401


def test_an_empty_feed_is_an_empty_page(ann: Person) -> None:
    for order in (LATEST, RANKED):
        assert page(ann, order) == {"results": [], "next": None, "previous": None}


def test_a_scheduled_post_is_in_no_feed(ann: Person) -> None:
    PostFactory(author=ann.user, status=Post.Status.SCHEDULED, publish_at=timezone.now() + timedelta(hours=1))
    assert feed(ann, LATEST) == feed(ann, RANKED) == []
