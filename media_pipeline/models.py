"""Media: a private original and the public renditions made of it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import Timestamped


class MediaQuerySet(models.QuerySet["Media"]):
    def visible_to(self, viewer: Any) -> "MediaQuerySet":
        """Media of `viewer` (a User or AnonymousUser): others see renditions where something shows them."""
        return self.filter(owner=viewer) if viewer.is_authenticated else self.none()


class Media(Timestamped):
    """A picture (later: a video) of its owner. Storage keys are made of the id; client file names never are."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        VIDEO = "video"

    class Status(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="media")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.IMAGE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    error = models.CharField(max_length=100, blank=True)
    # Storage key in the private storage.
    original = models.CharField(max_length=200)
    content_type = models.CharField(max_length=50, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Thumbhash, base64: what a client draws until the picture has come.
    placeholder = models.CharField(max_length=64, blank=True)
    # {"thumb": {"jpeg": key, "webp": key, "width": px, "height": px}, "small", "large"}, keys of the public storage.
    renditions = models.JSONField(default=dict)

    objects = MediaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="ready") | Q(width__gt=0, height__gt=0), name="media_ready_has_size"
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at"], name="media_of_owner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.status})"
