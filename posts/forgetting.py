"""Deleted words are deleted wherever they were told, and what only served for a while goes after it."""

import logging
from datetime import date

from posts.models import Comment, Post, PostView
from realtime.jobs import RunningJob, job
from realtime.models import StreamEvent

log = logging.getLogger(__name__)

BLANK_COMMENT = "posts.blank_comment"
BLANK_POST = "posts.blank_post"
CHUNK = 5_000


@job(BLANK_COMMENT, time_limit=60)
def blank_comment(run: RunningJob, *, comment_id: int) -> None:
    """Blanks a deleted comment's words in the events that are kept of it, so that no recovery brings them back.

    Looks at the kept events of its post's channels: one query for each channel, and an UPDATE for each event.
    """
    comment = Comment.objects.select_related("post").filter(pk=comment_id, is_deleted=True).first()
    if comment is None:
        return  # the post is gone
    channels = [f"post:{comment.post_id}"]
    if comment.post.announces_id is not None:
        channels.append(f"recipe:{comment.post.announces_id}")
    told = StreamEvent.objects.filter(
        channel__in=channels, type__in=["comment.created", "comment.updated"], data__comment_id=comment_id
    )
    for event in told.only("data"):
        event.data["comment"].update(text="", author=None, is_deleted=True)
        event.save(update_fields=["data"])


@job(BLANK_POST, time_limit=60)
def blank_post(run: RunningJob, *, post_id: int, author_id: int) -> None:
    """Blanks a post in the events that are kept of it, where others read them than may read the post.

    That is all that was told of one that is deleted, and of a premium one before it was; of one for followers what was
    told while it was everybody's. Two queries, and an UPDATE for each event.
    """
    post = Post.objects.filter(pk=post_id).first()
    told = StreamEvent.objects.filter(
        # "feeds" is read by hubs alone, and yet it is kept as long as the others.
        channel__in=[f"user:{author_id}", f"post:{post_id}", "feeds"],
        type__in=["post.published", "post.updated"],
        data__post_id=post_id,
        data__locked=False,
    )
    match post.visibility if post is not None else None:
        case Post.Visibility.PUBLIC:
            return  # it was opened again meanwhile
        case Post.Visibility.FOLLOWERS:
            told = told.filter(data__visibility=Post.Visibility.PUBLIC)
    for event in told.only("data"):
        event.data.update(text="", tags=[], media=[])
        event.save(update_fields=["data"])


def trim_views(*, before: date) -> int:
    """Deletes who saw what on the days before that one, in chunks; the counts stay. Returns how many."""
    deleted = 0
    old = PostView.objects.filter(day__lt=before)
    while chunk := list(old.values_list("pk", flat=True)[:CHUNK]):
        deleted += PostView.objects.filter(pk__in=chunk).delete()[0]
    log.info("views_trimmed rows=%d", deleted)
    return deleted
