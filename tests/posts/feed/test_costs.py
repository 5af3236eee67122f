"""What reading a feed costs: the same for 5 and 50 posts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Post
from tests.posts.conftest import Person
from tests.posts.feed.conftest import RANKED, page, walk
from tests.posts.feed.test_pages import fill


def cost(reader: Person, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        page(reader, address)
    return len(queries)


@pytest.mark.parametrize("more", [(5, 45)])
def test_a_feed_costs_the_same_queries_for_5_and_50(ann: Person, bob: Person, more: tuple[int, int]) -> None:
    found = []
    for count in more:
        posts = fill(ann, bob, count)
        ann.repost(ann.repost(posts[0])["original"]["id"])
        found.append({order: cost(ann, f"/api/feed/?limit=100&order={order}") for order in ("latest", "ranked")})
    # Who asks, which posts (for `ranked`: whether the last order still holds, and how they rank), the posts.
    assert found == [{"latest": 3, "ranked": 4}] * 2


def test_a_ranked_feed_of_many_pages_costs_the_same_for_pages_of_5_and_50(ann: Person, bob: Person) -> None:
    fill(ann, bob, 120)
    costs = []
    for limit in (5, 50):
        fill(ann, bob, 1)
        first = f"/api/feed/?order=ranked&limit={limit}"
        stored = cost(ann, first)
        again = cost(ann, first)
        costs.append((stored, again, cost(ann, page(ann, first)["next"])))
    # Storing an order: a transaction (two statements), a row, the deletion of old ones. Later pages: the stored order.
    assert costs == [(8, 3, 3)] * 2


@pytest.mark.parametrize("hidden", [10, 130])
def test_posts_that_were_hidden_meanwhile_are_passed_over_in_three_reads(ann: Person, bob: Person, hidden: int) -> None:
    shown = [ann.write(f"No. {number}")["id"] for number in range(5)][::-1]
    Post.objects.filter(pk__in=shown).update(published_at=timezone.now() - timedelta(days=1))
    ann.follow(bob)
    fill(ann, bob, hidden)
    second = page(ann, page(ann, f"{RANKED}&limit=2")["next"])
    ann.block(bob)
    # Who asks, the stored order, the posts.
    assert cost(ann, second["next"]) <= 5
    third = page(ann, second["next"])
    assert [post["id"] for post in third["results"]] == shown[:2]
    assert walk(ann, second["next"]) == shown
    last = page(ann, page(ann, third["next"])["next"])
    assert walk(ann, last["previous"], to="previous") == shown[:4]
