"""Feeds are kept short: nobody reads far back, and a row for each follower of each post adds up."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from posts.models import FeedRanking
from realtime.jobs import RunningJob, job
from realtime.models import Job
from realtime.outbox import record_job

TRIM = "posts.trim_some_feeds"
KEPT = 1_000
KEPT_DAYS = 90
# A ranking lives this long: pages after the first are read from it (posts/feed/ranked.py).
RANKING_LIFE = timedelta(minutes=15)
# People whose feeds one statement trims, and statements that one job runs before it hands on to the next job.
CHUNK = 200
CHUNKS = 50

# Each person's rows come out of the index in their order. PostgreSQL and SQLite alike.
_TRIM = """
    DELETE FROM posts_feedentry WHERE id IN (
        SELECT id FROM (
            SELECT id, published_at,
                   row_number() OVER (PARTITION BY user_id ORDER BY published_at DESC, post_id DESC) AS place
            FROM posts_feedentry WHERE user_id > %(after)s AND user_id <= %(last)s
        ) placed
        WHERE place > %(kept)s OR published_at < %(oldest)s
    )
"""


@job(TRIM, queue="follows")
def trim_some_feeds(run: RunningJob, *, after: int = 0) -> None:
    """Deletes what is beyond the newest KEPT of each feed or older than KEPT_DAYS, of people with ids beyond AFTER.

    Bounded: after CHUNKS statements it asks for another job for the rest.
    """
    for _ in range(CHUNKS):
        people = User.objects.filter(pk__gt=after).order_by("pk")[:CHUNK]
        last = people.aggregate(last=Max("pk"))["last"]
        if last is None:
            run.done()
            return
        trim_chunk(after=after, last=last)
        after = last
    with transaction.atomic():
        record_job(TRIM, after=after)
        run.done()


def begin() -> None:
    """Asks for the trimming of all feeds, unless it is at work."""
    if Job.objects.filter(task=TRIM).exclude(state=Job.State.DEAD).exists():
        return
    with transaction.atomic():
        record_job(TRIM)


def trim_chunk(*, after: int, last: int) -> int:
    """Trims the feeds of people with ids beyond AFTER up to LAST; how many rows went."""
    oldest = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=KEPT_DAYS))
    with connection.cursor() as cursor:
        cursor.execute(_TRIM, {"after": after, "last": last, "kept": KEPT, "oldest": oldest})
        return int(cursor.rowcount)


def trim_rankings() -> int:
    """Forgets the rankings whose time is over; how many."""
    deleted, _ = FeedRanking.objects.filter(created_at__lt=timezone.now() - RANKING_LIFE).delete()
    return deleted
