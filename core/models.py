"""Abstract bases that several apps share, and the idempotency keys of requests to any of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Timestamped(models.Model):
    """`created_at` is set once, `updated_at` by every `save()` that names it."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class IdempotencyKey(models.Model):
    """A request that its sender may repeat: see `core.claims`, which alone writes these rows.

    Until `status` is set the request is running, or its server was killed: `leased_until` says which.
    """

    # The constraint below has an index that begins with the person.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # How often the key was claimed: who has lost it can tell.
    attempt = models.PositiveIntegerField(default=1)
    leased_until = models.DateTimeField()
    expires_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_of_user"),
            models.CheckConstraint(
                condition=Q(status__isnull=True, body__isnull=True) | Q(status__isnull=False, body__isnull=False),
                name="idempotency_key_answered_whole",
            ),
        ]
        indexes = [
            # What the trimming looks for.
            models.Index(fields=["expires_at"], name="idempotency_key_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.user_id}"


class RaisedAlarm(models.Model):
    """An alarm (core/alarms.py) that was told of, as long as it lasts: `core.watch` alone writes these rows."""

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100, blank=True)
    detail = models.TextField()
    raised_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Of several processes that notice it at once, one tells of it.
            models.UniqueConstraint(fields=["kind", "subject"], name="raised_alarm_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".rstrip()


class PeriodicRun(models.Model):
    """How the last runs of a periodic task went: one row for each, which `core.periodic` alone writes.

    Until `leased_until` a run has the task for itself; a run that began and has not ended by then was killed.
    """

    task = models.CharField(max_length=100, unique=True)
    # How often it was begun: who has lost the claim can tell.
    attempt = models.PositiveBigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    # Of the last run that has ended, well or not; and of the last that went well.
    finished_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    # In a row, up to now.
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.task
