"""Follows begin and end: the followed person's posts come into the follower's feed, and go out of it.

Each job looks at the follow as it is when it runs. So of a follow and an unfollow in quick succession the last one
counts, in whatever order their jobs come.
"""

from django.db import connection, transaction
from django.db.models import Exists

from accounts.models import Follow
from posts.models import FeedEntry
from realtime.jobs import RunningJob, job

# How many of the followed person's newest posts come into the feed.
BACKFILL = 50

# Their newest posts, without those that feeds read from their author. PostgreSQL and SQLite alike.
_BACKFILL = """
    INSERT INTO posts_feedentry (user_id, post_id, author_id, published_at)
    SELECT f.follower_id, p.id, p.author_id, p.published_at
    FROM accounts_follow f JOIN (
        SELECT id, author_id, published_at, is_pulled FROM posts_post
        WHERE author_id = %(followee)s AND status = 'published'
        ORDER BY published_at DESC, id DESC LIMIT %(most)s
    ) p ON p.author_id = f.followee_id
    WHERE f.follower_id = %(follower)s AND f.followee_id = %(followee)s AND NOT p.is_pulled
    ON CONFLICT (post_id, user_id) DO NOTHING
"""


@job("posts.add_followee", queue="follows")
def add_followee(run: RunningJob, *, follower_id: int, followee_id: int) -> None:
    """Writes the followee's newest posts into the follower's feed, if the one follows the other now."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BACKFILL, {"follower": follower_id, "followee": followee_id, "most": BACKFILL})
        run.done()


@job("posts.remove_followee", queue="follows")
def remove_followee(run: RunningJob, *, follower_id: int, followee_id: int) -> None:
    """Takes the followee's posts out of the follower's feed, if the one does not follow the other now."""
    follow = Follow.objects.filter(follower=follower_id, followee=followee_id)
    with transaction.atomic():
        # One statement: what a new follow brings while this looks is not deleted.
        FeedEntry.objects.filter(~Exists(follow), user=follower_id, author=followee_id).delete()
        run.done()
