"""Notifications: what others did that concerns a person, grouped."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import unblocked, unmuted
from core.models import Timestamped
from posts.models.comments import Comment
from posts.models.posts import Post
from recipes.models import Recipe


class Notification(Timestamped):
    """One thing that one or more people did. While it is unread, who does the same to the same thing joins it.

    Lists sort by `updated_at`, the time of the newest of its actors.
    """

    class Kind(models.TextChoices):
        LIKE = "like"
        COMMENT = "comment"
        REPLY = "reply"
        FOLLOW = "follow"
        MENTION = "mention"
        RATING = "rating"
        REPOST = "repost"

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=7, choices=Kind.choices)
    # Whatever of these it is about; a follow is about none.
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, related_name="+")
    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, related_name="+")
    # What is grouped: kind and target in one text (`like:post:7`), the same for all that join.
    group_key = models.CharField(max_length=60)
    actor_count = models.PositiveIntegerField(default=0)
    is_read = models.BooleanField(default=False)

    class Meta:
        constraints = [
            # One open group of a kind and target; once read, the next begins another.
            models.UniqueConstraint(
                fields=["recipient", "group_key"], condition=Q(is_read=False), name="notification_open_group"
            ),
        ]
        indexes = [
            # A person's notifications, newest first, by keyset.
            models.Index(fields=["recipient", "-updated_at", "-id"], name="notification_of_recipient"),
            # The unread count.
            models.Index(fields=["recipient"], condition=Q(is_read=False), name="notification_unread"),
            # Was this person told of that before?
            models.Index(fields=["recipient", "group_key"], name="notification_group"),
            # What the nightly clean-up takes.
            models.Index(fields=["updated_at"], condition=Q(is_read=True), name="notification_read_age"),
        ]

    def __str__(self) -> str:
        return f"{self.group_key} for {self.recipient_id}"


class NotificationActorQuerySet(models.QuerySet["NotificationActor"]):
    def shown_to(self, viewer: Any) -> "NotificationActorQuerySet":
        """Those whom `viewer` hears of. A block or mute counts at once, before the job that takes the person out."""
        return self.filter(unblocked(viewer, "actor"), unmuted(viewer, "actor"), actor__is_active=True)


class NotificationActor(models.Model):
    """Who did it. The newest have the highest ids; `created_at` is when they joined."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="actors", db_index=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = NotificationActorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "actor"], name="notification_actor_once"),
        ]
        indexes = [
            # The newest three.
            models.Index(fields=["notification", "-id"], name="notification_actor_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_id} in notification {self.notification_id}"
