"""What people do with posts besides writing: like, dislike, save, look."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from posts.models.posts import Post


class Reaction(models.TextChoices):
    """One of the two at a time. A dislike is told to the author alone, as a number."""

    LIKE = "like"
    DISLIKE = "dislike"


class PostReaction(models.Model):
    """That a person likes or dislikes a post."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="post_reactions", db_index=False
    )
    kind = models.CharField(max_length=7, choices=Reaction.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "user"], name="post_reaction_once"),
            models.CheckConstraint(condition=Q(kind__in=["like", "dislike"]), name="post_reaction_known"),
        ]
        indexes = [
            # What a person liked, newest first, by keyset.
            models.Index(fields=["user", "kind", "-id"], name="post_reaction_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of post {self.post_id} by {self.user_id}"


class Save(models.Model):
    """A person's bookmark of a post; nobody else sees it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="saves", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saves", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "user"], name="save_once"),
        ]
        indexes = [
            # What a person saved, newest first, by keyset.
            models.Index(fields=["user", "-id"], name="save_of_user"),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} saved by {self.user_id}"


class PostView(models.Model):
    """That a person saw a post on a day (UTC). Rows of past days are only history, and are deleted."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="views", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "user", "day"], name="post_view_once_a_day"),
        ]
        indexes = [
            # Deleting what is past.
            models.Index(fields=["day"], name="post_view_day"),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} seen by {self.user_id} on {self.day}"
