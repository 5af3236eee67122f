"""Home feeds: what was written into them, and the rankings that pages are read from."""

import uuid

from django.conf import settings
from django.db import models

from posts.models.posts import Post


class FeedEntry(models.Model):
    """A post in the feed of a follower of its author, written there by a worker (posts/feed/)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The post's own author and time: an unfollow and a page find their rows without a join.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            # By post first: also the index behind "delete this post from all feeds".
            models.UniqueConstraint(fields=["post", "user"], name="feed_entry_once"),
        ]
        indexes = [
            # A person's feed, newest first, by keyset.
            models.Index(fields=["user", "-published_at", "-post"], name="feed_entry_newest"),
            # An unfollow or a block takes an author out of a feed.
            models.Index(fields=["author", "user"], name="feed_entry_of_author"),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} in the feed of {self.user_id}"


class FeedRanking(models.Model):
    """The order in which somebody reads their ranked feed: the pages after the first are read from here.

    `items` is [[post id, recency, popularity, affinity], ...], each part of the score in hundredths.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    items = models.JSONField()
    # What the feed looked like (posts/feed/stored.py): as long as it is the same, so is the order.
    basis = models.CharField(max_length=100, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # A person's newest; the rest is deleted.
            models.Index(fields=["user", "-created_at"], name="feed_ranking_of_user"),
            models.Index(fields=["created_at"], name="feed_ranking_age"),
        ]

    def __str__(self) -> str:
        return f"ranking {self.pk} of {self.user_id}"
