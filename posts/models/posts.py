"""Posts: what people write, recipes that announce themselves, and reposts."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Follow, unblocked, unmuted
from core.models import Timestamped
from recipes.models import Recipe, Tag

TEXT_MAX = 10_000


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, viewer: Any) -> "PostQuerySet":
        """Published posts that `viewer` (a User or AnonymousUser) may see: detail, lists and sockets all ask here.

        No block stands between the viewer and the author, nor the author of what is reposted. Followers-only ones are
        for the author and who follows. What is premium is visible, and shown `locked` (posts/shapes.py).
        """
        everyone = Q(visibility__in=[Post.Visibility.PUBLIC, Post.Visibility.PREMIUM])
        if viewer.pk is None:
            readable = everyone
        else:
            followed = Follow.objects.filter(follower=viewer.pk).values("followee")
            readable = everyone | Q(author=viewer.pk) | Q(author__in=followed)
        return self.filter(
            readable,
            unblocked(viewer, "author"),
            unblocked(viewer, "original__author"),
            ~Q(original__author__is_active=False),
            status=Post.Status.PUBLISHED,
            author__is_active=True,
        )

    def listed_for(self, viewer: Any) -> "PostQuerySet":
        """What lists, feed and search show to `viewer`: `visible_to` without those whom they have muted."""
        return self.visible_to(viewer).filter(unmuted(viewer, "author"), unmuted(viewer, "original__author"))


class Post(Timestamped):
    """Something on a feed.

    A `status` is what its author wrote, with pictures or a video, perhaps about a recipe that they cooked. A `recipe`
    post announces a recipe and has no state of its own: lock and deletion are the recipe's, whose likes and comments
    are the announcement's. A `repost` shows somebody's post to one's own followers.

    Counters are changed in the transaction of the row that they count (posts/counters.py).
    """

    class Kind(models.TextChoices):
        STATUS = "status"
        RECIPE = "recipe"
        REPOST = "repost"

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        FOLLOWERS = "followers"
        PREMIUM = "premium"

    class Status(models.TextChoices):
        PUBLISHED = "published"
        SCHEDULED = "scheduled"

    # Begins the index `post_of_author`, and needs none of its own.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="posts", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.STATUS)
    text = models.TextField(blank=True, max_length=TEXT_MAX)
    # Of kind `recipe`: the one that this announces. It goes with its recipe.
    announces = models.OneToOneField(
        Recipe, on_delete=models.CASCADE, null=True, blank=True, related_name="announcement"
    )
    # Of kind `status`: "I cooked this". The words stay when the recipe goes.
    recipe = models.ForeignKey(Recipe, on_delete=models.SET_NULL, null=True, blank=True, related_name="cooked")
    # Of kind `repost`: what is shown, never itself a repost, always public or premium.
    original = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="reposts")
    visibility = models.CharField(max_length=9, choices=Visibility.choices, default=Visibility.PUBLIC)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PUBLISHED)
    # When a scheduled post is due; kept afterwards.
    publish_at = models.DateTimeField(null=True, blank=True)
    # What lists sort by. Of a scheduled post it is `publish_at` until it is published.
    published_at = models.DateTimeField(default=timezone.now)
    # The hashtags in the order of the text, for lists to read without a join (PostTag finds posts by them).
    tag_names = models.JSONField(default=list)
    # Goes up with each edit by its author, never with a like: If-Match compares it.
    version = models.PositiveIntegerField(default=1)
    # Its author had too many followers to write it into each feed: feeds read it from here (posts/feed/).
    is_pulled = models.BooleanField(default=False)
    like_count = models.PositiveIntegerField(default=0)
    dislike_count = models.PositiveIntegerField(default=0)
    comment_count = models.PositiveIntegerField(default=0)
    repost_count = models.PositiveIntegerField(default=0)
    save_count = models.PositiveIntegerField(default=0)
    view_count = models.PositiveIntegerField(default=0)

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="status", announces=None, original=None)
                | Q(kind="recipe", announces__isnull=False, recipe=None, original=None, status="published")
                | Q(kind="repost", announces=None, recipe=None, original__isnull=False, text="", status="published"),
                name="post_kind_agrees",
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "followers", "premium"]), name="post_visibility_known"
            ),
            models.CheckConstraint(
                condition=Q(status="published") | Q(status="scheduled", publish_at__isnull=False),
                name="post_scheduled_has_time",
            ),
            models.UniqueConstraint(fields=["author", "original"], condition=Q(kind="repost"), name="repost_once"),
        ]
        indexes = [
            # The newest of all, by keyset.
            models.Index(fields=["-published_at", "-id"], condition=Q(status="published"), name="post_newest"),
            # A person's posts, newest first, by keyset.
            models.Index(fields=["author", "-published_at", "-id"], name="post_of_author"),
            # What feeds read from an author with many followers.
            models.Index(
                fields=["author", "-published_at", "-id"], condition=Q(is_pulled=True), name="post_pulled_of_author"
            ),
            # The sweep's question: what is due?
            models.Index(fields=["publish_at"], condition=Q(status="scheduled"), name="post_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of {self.author_id}"


class PostMedia(models.Model):
    """A picture or the video of a post, in the author's order."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="post_media", db_index=False)
    media = models.ForeignKey("media_pipeline.Media", on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["post", "position"], name="post_media_position"),
            models.UniqueConstraint(fields=["post", "media"], name="post_media_once"),
        ]

    def __str__(self) -> str:
        return f"media {self.position} of post {self.post_id}"


class PostTag(models.Model):
    """That a published post is found by a tag. Announcements are found by their recipe's."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="post_tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The post's own, so that a tag's posts come out of one index in their order.
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "tag"], name="post_tag_once"),
        ]
        indexes = [
            # A tag's posts, newest first, by keyset.
            models.Index(fields=["tag", "-published_at", "-post"], name="post_of_tag"),
        ]

    def __str__(self) -> str:
        return f"tag {self.tag_id} of post {self.post_id}"
