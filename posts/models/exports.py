"""A person's data export."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

# From when it was asked for: until then, asking again is answered with the same one.
ASKED_ONCE_IN = timedelta(hours=24)
# From when it was made, or given up.
KEPT_FOR = timedelta(days=7)


class DataExport(models.Model):
    """The newest export of a person: being made (`pending`), a file in the private storage (`ready`), or `failed`.

    The id names the folder of its file, in which each attempt writes a file of its own. With `expires_at` row and file
    go; a new one takes the place of an older one.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.PENDING)
    requested_at = models.DateTimeField(auto_now_add=True)
    # The one that makes it.
    job = models.UUIDField()
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Storage key in the private storage, and bytes.
    file = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="pending", ready_at=None, expires_at=None, file="", size=None)
                | Q(status="failed", ready_at=None, expires_at__isnull=False, file="", size=None)
                | Q(status="ready", ready_at__isnull=False, expires_at__isnull=False, size__gt=0) & ~Q(file=""),
                name="data_export_status_agrees",
            ),
        ]
        indexes = [
            # The sweep, and the newest of all for the admin.
            models.Index(fields=["expires_at"], name="data_export_expiry"),
            models.Index(fields=["-requested_at"], name="data_export_newest"),
        ]

    def __str__(self) -> str:
        return f"export of {self.user_id} ({self.status})"
