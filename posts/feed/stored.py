"""The order that a feed was last read in, and whether the feed is still what it was then."""

from datetime import datetime
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Count, Max

from accounts.models import Follow
from posts.feed.keys import feed_posts, listed_posts, merged
from posts.models import FeedRanking
from posts.statements import WrittenStatement

# The newest post of the feed, how many the viewer follows and since when the last of them; the last stored order.
_LAST = f"""
    SELECT newest.id, follows.count, follows.last, ranking.id, ranking.items, ranking.basis
    FROM (SELECT count(*) AS count, max(id) AS last FROM accounts_follow WHERE follower_id = %(viewer)s) follows
    LEFT JOIN ({merged(count=1, each=1)}) newest ON true
    LEFT JOIN (
        SELECT id, items, basis FROM posts_feedranking WHERE user_id = %(viewer)s AND created_at > %(time)s
        ORDER BY created_at DESC LIMIT 1
    ) ranking ON true
"""  # noqa: S608


def last_ranking(viewer: Any, *, since: datetime) -> tuple[str, FeedRanking | None]:
    """(the feed's basis, the viewer's newest stored order that is younger than SINCE): one query, elsewhere three.

    The basis is another text whenever the feed has a new post, or the viewer follows others than before.
    """
    if connection.vendor == "postgresql":
        newest, follows, last, pk, items, basis = _statement().fetch(viewer=viewer.pk, time=since)[0]
        ranking = None if pk is None else FeedRanking(pk=pk, items=orjson.loads(items), basis=basis)
    else:
        newest = feed_posts(viewer).order_by("-published_at", "-id").values_list("id", flat=True).first()
        followed = Follow.objects.filter(follower=viewer.pk).aggregate(count=Count("pk"), last=Max("pk"))
        follows, last = followed["count"], followed["last"]
        own = FeedRanking.objects.filter(user=viewer.pk, created_at__gt=since)
        ranking = own.order_by("-created_at").first()
    return f"{newest} {follows} {last}", ranking


@cache
def _statement() -> WrittenStatement:
    return WrittenStatement(_LAST, visible=listed_posts())
