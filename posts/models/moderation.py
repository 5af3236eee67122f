"""Reports by people, and what staff did: an audit that is only ever added to."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import Timestamped
from posts.models.comments import Comment
from posts.models.posts import Post
from recipes.models import Recipe

TARGETS = ("post", "comment", "recipe", "user")


class Report(Timestamped):
    """Somebody asks staff to look at one thing. When the thing is deleted, the report stays, without it."""

    class Reason(models.TextChoices):
        SPAM = "spam"
        ABUSE = "abuse"
        DANGEROUS = "dangerous"
        COPYRIGHT = "copyright"
        OTHER = "other"

    class Status(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"
        DISMISSED = "dismissed"

    # Whoever reported stays unknown to the reported, and the report outlives their account.
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="reports")
    target = models.CharField(max_length=7, choices=[(name, name) for name in TARGETS])
    # The thing's id as reported, which outlives the thing; the keys below are null once it is gone.
    target_id = models.BigIntegerField()
    post = models.ForeignKey(Post, on_delete=models.SET_NULL, null=True, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, related_name="+")
    recipe = models.ForeignKey(Recipe, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=9, choices=Reason.choices)
    note = models.TextField(blank=True, max_length=2_000)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OPEN)

    class Meta:
        constraints = [
            # One open report of a thing by a person.
            models.UniqueConstraint(
                fields=["reporter", "target", "target_id"], condition=Q(status="open"), name="report_open_once"
            ),
            models.CheckConstraint(condition=Q(target__in=TARGETS), name="report_target_known"),
        ]
        indexes = [
            # The queue, oldest first, by keyset.
            models.Index(fields=["status", "id"], name="report_queue"),
        ]

    def __str__(self) -> str:
        return f"report of {self.target} {self.target_id}"


class ModerationAction(models.Model):
    """What a member of staff did to what belongs to another. Rows are never changed or deleted."""

    class Action(models.TextChoices):
        REMOVED = "removed"
        RESOLVED = "resolved"
        DISMISSED = "dismissed"
        REOPENED = "reopened"
        SUSPENDED = "suspended"
        RESTORED = "restored"

    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=9, choices=Action.choices)
    target = models.CharField(max_length=7, choices=[(name, name) for name in TARGETS])
    target_id = models.BigIntegerField()
    # Whose it is or was.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    report = models.ForeignKey(Report, on_delete=models.SET_NULL, null=True, related_name="actions")
    note = models.TextField(blank=True, max_length=2_000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["target", "target_id"], name="moderation_of_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target} {self.target_id}"
