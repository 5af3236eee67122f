"""What reading a feed costs: the same for 5 and 50 posts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.posts.conftest import Person
from tests.posts.feed.conftest import page
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
