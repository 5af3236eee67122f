"""Comments and their replies, one level deep."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import unblocked, unmuted
from core.models import Timestamped
from posts.models.posts import Post
from posts.models.reactions import Reaction

COMMENT_MAX = 2_000


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, viewer: Any) -> "CommentQuerySet":
        """Comments that `viewer` may see, of posts that they may see. A tombstone shows while it has replies."""
        return self.of_visible_post_to(viewer).filter(post__in=Post.objects.visible_to(viewer))

    def of_visible_post_to(self, viewer: Any) -> "CommentQuerySet":
        """The same of a post that is known to be visible to `viewer`."""
        return self.filter(
            unblocked(viewer, "author"), Q(is_deleted=False) | Q(reply_count__gt=0), author__is_active=True
        )

    def listed_for(self, viewer: Any) -> "CommentQuerySet":
        """What the list of a visible post's comments shows: without those whom the viewer has muted."""
        return self.of_visible_post_to(viewer).filter(unmuted(viewer, "author"))


class Comment(Timestamped):
    """What a person says to a post, or in reply to a comment. A deleted one loses its words and keeps its place."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments", db_index=False)
    # Never itself a reply.
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="replies", db_index=False)
    # Begins the index `comment_of_author`, and needs none of its own.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comments", db_index=False
    )
    text = models.TextField(max_length=COMMENT_MAX, blank=True)
    is_deleted = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    like_count = models.PositiveIntegerField(default=0)
    dislike_count = models.PositiveIntegerField(default=0)
    # Replies that are not deleted.
    reply_count = models.PositiveIntegerField(default=0)

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text="") | Q(is_deleted=True), name="comment_has_text"),
        ]
        indexes = [
            # A post's comments, newest first, by keyset.
            models.Index(fields=["post", "-id"], condition=Q(parent=None), name="comment_of_post"),
            # All of a post's, for its deletion.
            models.Index(fields=["post"], name="comment_post"),
            # A person's newest: whom they talk with (posts/feed/candidates.py).
            models.Index(fields=["author", "-id"], name="comment_of_author"),
            # A comment's replies, oldest first, by keyset.
            models.Index(fields=["parent", "id"], condition=Q(parent__isnull=False), name="comment_of_parent"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} of post {self.post_id}"


class CommentReaction(models.Model):
    """That a person likes or dislikes a comment."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comment_reactions", db_index=False
    )
    kind = models.CharField(max_length=7, choices=Reaction.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="comment_reaction_once"),
            models.CheckConstraint(condition=Q(kind__in=["like", "dislike"]), name="comment_reaction_known"),
        ]
        indexes = [
            # What a person liked, newest first, by keyset.
            models.Index(fields=["user", "kind", "-id"], name="comment_reaction_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of comment {self.comment_id} by {self.user_id}"
