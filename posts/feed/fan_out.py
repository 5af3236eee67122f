"""Fan-out on write: a new post goes into the feed of each of its author's followers."""

from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Follow
from posts.models import Post
from realtime.jobs import RunningJob, job

# Followers whose feeds one statement writes, in some 30 ms: no more is done again after a worker was killed.
CHUNK = 1_000

# Whoever has blocked or muted the author, or is blocked by them, would only be hidden it at each read. Whoever has left
# is passed over. PostgreSQL and SQLite alike.
_WRITE = """
    INSERT INTO posts_feedentry (user_id, post_id, author_id, published_at)
    SELECT f.follower_id, p.id, p.author_id, p.published_at
    FROM posts_post p JOIN accounts_follow f ON f.followee_id = p.author_id JOIN accounts_user u ON u.id = f.follower_id
    WHERE p.id = %(post)s AND f.id > %(after)s AND f.id <= %(last)s AND u.is_active
      AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = p.author_id AND b.blocked_id = f.follower_id)
      AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocked_id = p.author_id AND b.blocker_id = f.follower_id)
      AND NOT EXISTS (SELECT 1 FROM accounts_mute m WHERE m.muted_id = p.author_id AND m.muter_id = f.follower_id)
    ON CONFLICT (post_id, user_id) DO NOTHING
"""


@job("posts.fan_out", queue="follows")
def fan_out(run: RunningJob, *, post_id: int, after: int = 0) -> None:
    """Writes the post into its author's followers' feeds, those whose follow is newer than the id AFTER.

    A transaction for each chunk, which also says in the job how far it got: killed anywhere, it goes on from there.
    Whoever follows meanwhile gets the post by this or by `posts.add_followee`. A post that is deleted goes nowhere.
    """
    author_id = Post.objects.filter(pk=post_id).values_list("author_id", flat=True).first()
    while author_id is not None:
        with transaction.atomic():
            last = _last_of_chunk(author_id, after)
            if last is None:
                break
            write_chunk(post_id=post_id, after=after, last=last)
            run.checkpoint(post_id=post_id, after=last)
        after = last
    run.done()


def write_chunk(*, post_id: int, after: int, last: int) -> int:
    """Writes the post for the followers whose follows have ids beyond AFTER up to LAST; how many got it just now."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"post": post_id, "after": after, "last": last})
        return int(cursor.rowcount)


def _last_of_chunk(author_id: int, after: int) -> int | None:
    chunk = Follow.objects.filter(followee=author_id, pk__gt=after).order_by("pk")[:CHUNK]
    last: int | None = chunk.aggregate(last=Max("pk"))["last"]
    return last
