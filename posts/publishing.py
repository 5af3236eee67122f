"""Publishing what is due: the sweep that beat starts every 10 seconds.

Each post is claimed (`FOR UPDATE SKIP LOCKED`; SQLite has one writer anyway) and becomes published by compare-and-set,
in one transaction that also tells of it. So any number of sweeps may run, and be killed, and each post is published
once; and no sweep holds one author's counters while it waits for another's.
"""

import logging
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from media_pipeline.shapes import media_shape
from posts.models import Post, PostMedia
from posts.publication import publish

log = logging.getLogger(__name__)


def publish_due() -> int:
    """Publishes every post whose time has come, the longest overdue first. Returns how many.

    One that fails is logged and left for the next sweep; it holds up no other.
    """
    published, failed = 0, set[int]()
    while True:
        post = None
        try:
            with transaction.atomic():
                post = _claim_due(besides=failed)
                if post is None:
                    break
                is_new = publish_now(post, author=post.author)
            published += is_new
        except Exception:
            if post is None:
                raise
            failed.add(post.pk)
            log.exception("scheduled_post_failed post=%d", post.pk)
    if published:
        log.info("scheduled_posts_published count=%d", published)
    return published


def _claim_due(*, besides: Collection[int]) -> Post | None:
    """The longest overdue post, locked, which no other sweep has."""
    due = Post.objects.filter(status=Post.Status.SCHEDULED, publish_at__lte=timezone.now(), author__is_active=True)
    claimed = due.select_for_update(of=("self",), skip_locked=True).select_related("author__profile__picture")
    return claimed.exclude(pk__in=besides).order_by("publish_at", "pk").first()


def publish_now(post: Post, *, author: User) -> bool:
    """Makes a scheduled post public under its id; False when that was done already. In a transaction.

    `author` needs `profile__picture` loaded.
    """
    now = timezone.now()
    waiting = Post.objects.filter(pk=post.pk, status=Post.Status.SCHEDULED)
    if not waiting.update(status=Post.Status.PUBLISHED, published_at=now, updated_at=now):
        return False
    post.status, post.published_at = Post.Status.PUBLISHED, now
    shown = PostMedia.objects.filter(post=post).select_related("media")
    publish(post, author=author, media=[{**media_shape(one.media)} for one in shown])
    return True
