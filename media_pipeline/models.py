"""Media: a private original and the public renditions made of it; and the uploads that originals come from."""

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
    """A picture or a video of its owner. Storage keys are made of the id; client file names never are."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        VIDEO = "video"

    class Status(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    # Statuses that no worker changes.
    FINISHED = (Status.READY, Status.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="media")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.IMAGE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    error = models.CharField(max_length=100, blank=True)
    # Storage key in the private storage.
    original = models.CharField(max_length=200)
    content_type = models.CharField(max_length=50, blank=True)
    # Bytes of the original: what counts against the quota.
    size = models.PositiveBigIntegerField(default=0)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Thumbhash, base64: what a client draws until the picture has come.
    placeholder = models.CharField(max_length=64, blank=True)
    # {"thumb": {"jpeg": key, "webp": key, "width": px, "height": px}, "small", "large"}, keys of the public storage.
    # Those of a video are its poster's.
    renditions = models.JSONField(default=dict)
    # Percent, while a video is worked on.
    progress = models.PositiveSmallIntegerField(default=0)
    # Of a video: seconds, and its master playlist in the public storage.
    duration = models.FloatField(null=True)
    hls = models.CharField(max_length=200, blank=True)
    # Whether its files lie where no address reaches them, because the owner's account is closed (withdrawal.py).
    is_withdrawn = models.BooleanField(default=False, db_default=False, editable=False)

    objects = MediaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="ready") | Q(width__gt=0, height__gt=0), name="media_ready_has_size"
            ),
            models.CheckConstraint(
                condition=~Q(status="ready", kind="video") | Q(~Q(hls=""), duration__isnull=False, duration__gt=0),
                name="media_ready_video_plays",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="media_of_owner"),
            # For the admin: the newest of all, and of those that are not well.
            models.Index(fields=["-created_at"], name="media_newest"),
            models.Index(fields=["status", "-created_at"], condition=~Q(status="ready"), name="media_not_ready"),
            models.Index(fields=["owner"], condition=Q(is_withdrawn=True), name="media_withdrawn_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.status})"

    @property
    def is_finished(self) -> bool:
        return self.status in self.FINISHED


class UploadSessionQuerySet(models.QuerySet["UploadSession"]):
    def visible_to(self, viewer: Any) -> "UploadSessionQuerySet":
        """Uploads of `viewer` (a User or AnonymousUser) alone."""
        return self.filter(owner=viewer) if viewer.is_authenticated else self.none()


class UploadSession(Timestamped):
    """A file that arrives in parts: by number (the chunk API, which has a `chunk_size`) or in order (tus).

    Once its bytes are complete it is sealed and has its media, whose status goes on from there.
    """

    class State(models.TextChoices):
        OPEN = "open"
        SEALED = "sealed"
        PROCESSING = "processing"
        ABORTED = "aborted"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # Bytes. Null while a tus client has not said it.
    length = models.PositiveBigIntegerField(null=True)
    chunk_size = models.PositiveIntegerField(null=True)
    expires_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True)
    # What the client says of its file, never trusted and never part of a path: {"filename": ..., "filetype": ...}.
    metadata = models.JSONField(default=dict)
    # By which its owner goes on with it, at an earlier address (media_pipeline/named.py); empty at today's.
    name = models.CharField(max_length=255, blank=True)
    # Of the whole file, as the client declares it; empty when it does not.
    sha256 = models.CharField(max_length=64, blank=True)
    # Of the extents' hashes, in order: names the bytes without reading them again.
    digest = models.CharField(max_length=64, blank=True)
    # A part of a tus concatenation. The whole is another upload, whose `parts` are its ids in order.
    is_partial = models.BooleanField(default=False)
    whole = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    parts = models.JSONField(default=list)
    media = models.OneToOneField(Media, on_delete=models.SET_NULL, null=True, related_name="upload")

    objects = UploadSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(length__isnull=True) | Q(length__gt=0), name="upload_not_empty"),
            models.CheckConstraint(
                condition=Q(chunk_size__isnull=True) | Q(chunk_size__gt=0), name="upload_has_chunks"
            ),
            models.CheckConstraint(
                condition=Q(sealed_at__isnull=True, state__in=["open", "aborted", "expired"])
                | Q(sealed_at__isnull=False, length__isnull=False, state__in=["sealed", "processing"]),
                name="upload_sealed_at_its_length",
            ),
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(state="open") & ~Q(name=""),
                name="upload_open_of_name",
                violation_error_message="Another request has begun this upload at this moment.",
            ),
        ]
        indexes = [
            # The sweep.
            models.Index(fields=["state", "expires_at"], name="upload_expiry"),
            # The newest of all, for the admin.
            models.Index(fields=["-created_at"], name="upload_newest"),
            # What counts against the quota.
            models.Index(fields=["owner"], condition=Q(state="open"), name="upload_open_of_owner"),
        ]

    def __str__(self) -> str:
        return f"upload {self.id} ({self.state})"


class Extent(models.Model):
    """Bytes of an open upload that are safe and were acknowledged: they are never written again."""

    session = models.ForeignKey(UploadSession, on_delete=models.CASCADE, related_name="extents", db_index=False)
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # What the store calls them. On a disk their offset says it; in a bucket each attempt has an object of its own.
    place = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "offset"], name="extent_of_session"),
            models.CheckConstraint(condition=Q(length__gt=0), name="extent_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.length} bytes at {self.offset}"
