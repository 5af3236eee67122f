"""Asking for a notification: one row in the outbox, so that a like does not wait for it."""

from posts.models import Notification
from realtime.outbox import record_job


def notify(
    kind: Notification.Kind,
    *,
    actor_id: int,
    recipient_id: int | None = None,
    post_id: int | None = None,
    comment_id: int | None = None,
    recipe_id: int | None = None,
) -> None:
    """Has a worker bring the notifications about what `actor_id` did, or took back, in line with the truth.

    The job (posts/tasks.py: `posts.notify`) looks whether the like, comment, follow, ... is there now, and adds the
    actor to the recipient's notification or takes them out of it. So it is called alike after both, and again does no
    harm. `recipient_id` None: the job finds them (those whom a text mentions). Nobody is told of what they did
    themselves.

    What it is about, by kind; what else is given does no harm:

    like       `comment_id` of the liked comment, else `post_id`
    comment    `post_id`
    reply      `comment_id` of the comment that was replied to, not of the reply
    mention    `comment_id` of the comment that names people, else `post_id`; after an edit, too
    repost     `post_id` of the original
    rating     `recipe_id`
    follow     `recipient_id`
    """
    if recipient_id == actor_id:
        return
    record_job(
        "posts.notify",
        kind=str(kind),
        actor_id=actor_id,
        recipient_id=recipient_id,
        post_id=post_id,
        comment_id=comment_id,
        recipe_id=recipe_id,
    )
