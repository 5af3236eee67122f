"""Whose posts are in a feed: of those one follows, now, and may see; and one's own."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from posts.models import FeedEntry
from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.feed.conftest import LATEST, RANKED, feed

pytestmark = pytest.mark.usefixtures("both_ways")
both_orders = pytest.mark.parametrize("order", [LATEST, RANKED])


@both_orders
def test_a_feed_has_the_posts_of_those_one_follows_and_ones_own(
    ann: Person, bob: Person, carl: Person, order: str
) -> None:
    ann.follow(bob)
    carl.write()
    theirs, own = bob.write()["id"], ann.write()["id"]
    assert set(feed(ann, order)) == {theirs, own}
    assert feed(bob, order) == [theirs]


@both_orders
def test_what_was_written_before_the_follow_comes_with_it(ann: Person, bob: Person, order: str) -> None:
    earlier = [bob.write(f"No. {number}")["id"] for number in range(3)]
    assert feed(ann, order) == []
    ann.follow(bob)
    assert sorted(feed(ann, order)) == earlier


@both_orders
def test_an_unfollow_shows_at_once_and_takes_the_entries_out(ann: Person, bob: Person, order: str) -> None:
    ann.follow(bob)
    bob.write()
    run_jobs()
    ann.delete("/api/users/bob/follow/")
    assert FeedEntry.objects.count() == 1
    assert [post["id"] for post in ann.get(order).json()["results"]] == []
    assert feed(ann, order) == []
    assert FeedEntry.objects.count() == 0


@pytest.mark.parametrize("last", ["follow", "unfollow"])
def test_of_a_follow_and_an_unfollow_the_last_one_counts(ann: Person, bob: Person, last: str) -> None:
    post = bob.write()["id"]
    for _ in range(2):
        ann.follow(bob)
        ann.delete("/api/users/bob/follow/")
    if last == "follow":
        ann.follow(bob)
    # All jobs come late, and see only how it ended.
    assert feed(ann) == ([post] if last == "follow" else [])
    assert FeedEntry.objects.count() == (last == "follow")


@pytest.mark.parametrize("blocker", ["ann", "bob"])
@both_orders
def test_a_block_empties_both_feeds(ann: Person, bob: Person, blocker: str, order: str) -> None:
    ann.follow(bob)
    bob.follow(ann)
    of_ann, of_bob = ann.write()["id"], bob.write()["id"]
    assert set(feed(ann, order)) == set(feed(bob, order)) == {of_ann, of_bob}
    ann.block(bob) if blocker == "ann" else bob.block(ann)
    assert feed(ann, order) == [of_ann]
    assert feed(bob, order) == [of_bob]
    assert FeedEntry.objects.count() == 0


@both_orders
def test_a_repost_of_somebody_blocked_is_not_shown(ann: Person, bob: Person, carl: Person, order: str) -> None:
    ann.follow(bob)
    shown = bob.repost(carl.write()["id"])["id"]
    assert feed(ann, order) == [shown]
    carl.block(ann)
    assert feed(ann, order) == []


@both_orders
def test_a_mute_hides_and_its_end_brings_back_what_was_written_meanwhile(ann: Person, bob: Person, order: str) -> None:
    ann.follow(bob)
    before = bob.write()["id"]
    run_jobs()
    ann.mute(bob)
    meanwhile = bob.write()["id"]
    assert feed(ann, order) == []
    ann.delete("/api/users/bob/mute/")
    assert sorted(feed(ann, order)) == [before, meanwhile]


@both_orders
def test_posts_for_followers_go_with_the_follow_and_premium_ones_are_locked(
    ann: Person, bob: Person, order: str
) -> None:
    ann.follow(bob)
    bob.write("For you.", visibility="followers")
    premium = bob.write("For those who pay.", visibility="premium")["id"]
    assert len(feed(ann, order)) == 2
    [shown] = [post for post in ann.get(order).json()["results"] if post["id"] == premium]
    assert (shown["locked"], shown["text"]) == (True, "")
    ann.delete("/api/users/bob/follow/")
    assert feed(ann, order) == []


@both_orders
def test_a_deleted_post_is_in_no_feed_even_if_its_fan_out_is_late(ann: Person, bob: Person, order: str) -> None:
    ann.follow(bob)
    post = bob.write()["id"]
    assert bob.delete(f"/api/posts/{post}/").status_code == 204
    assert feed(ann, order) == []


@both_orders
def test_a_recipe_comes_as_its_announcement(ann: Person, sally: Person, order: str) -> None:
    ann.follow(sally)
    recipe = sally.create()
    run_jobs()
    [post] = ann.get(order).json()["results"]
    assert (post["kind"], post["recipe"]["id"]) == ("recipe", recipe["id"])


@both_orders
def test_an_author_who_crosses_the_threshold_is_pulled_from_then_on_and_nothing_comes_twice(
    ann: Person, bob: Person, carl: Person, settings: Settings, order: str
) -> None:
    settings.FEED_FAN_OUT_MAX = 1
    ann.follow(bob)
    pushed = bob.write("to one follower")["id"]
    run_jobs()
    carl.follow(bob)
    pulled = bob.write("to two followers")["id"]
    assert sorted(feed(ann, order)) == sorted(feed(carl, order)) == [pushed, pulled]
    assert set(FeedEntry.objects.values_list("post", flat=True)) == {pushed}
    carl.delete("/api/users/bob/follow/")
    again = bob.write("to one follower again")["id"]
    assert sorted(feed(ann, order)) == [pushed, pulled, again]
    ann.mute(bob)
    assert feed(ann, order) == []


def test_pulled_and_pushed_merge_in_the_order_of_time(
    ann: Person, bob: Person, person: Callable[..., Person], settings: Settings
) -> None:
    settings.FEED_FAN_OUT_MAX = 1
    stars = [person(f"star{number}") for number in range(3)]
    for star in stars:
        ann.follow(star)
        bob.follow(star)
    ann.follow(bob)
    written = [author.write(f"No. {number}")["id"] for number in range(4) for author in (*stars, bob, ann)]
    assert FeedEntry.objects.count() == 0
    assert feed(ann, f"{LATEST}&limit=100") == written[::-1]
    assert sorted(feed(ann, f"{RANKED}&limit=100")) == written
