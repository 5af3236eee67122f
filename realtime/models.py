"""The outbox: what happened (events) and what is to be done (jobs), written in the transaction of the change."""

import uuid

from django.db import models
from django.db.models import Q


class StreamEvent(models.Model):
    """One event on one channel.

    Written unnumbered by `realtime.outbox.record`; after the commit the relay gives it `offset` (dense in its
    channel: 1, 2, 3, ...) and `position` (dense over all channels), both null until then. Never delete the last row
    of a channel: the next offset goes on from there. What has to be forgotten is blanked in `data`.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.CharField(max_length=64)
    type = models.CharField(max_length=48)
    data = models.JSONField()
    actor_id = models.BigIntegerField(null=True)
    # Whose content `data` carries, where that is not the actor (realtime.events.Event.author_id).
    author_id = models.BigIntegerField(null=True)
    offset = models.BigIntegerField(null=True)
    position = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Dense offsets are the promise to clients; two relays at once would break it, so the database refuses.
            # The same index serves recovery: channel = ? AND offset > ?.
            models.UniqueConstraint(fields=["channel", "offset"], name="stream_event_channel_offset"),
            # Hubs read what the bus lost by position.
            models.UniqueConstraint(fields=["position"], name="stream_event_position"),
            models.CheckConstraint(
                condition=Q(offset__isnull=True, position__isnull=True)
                | Q(offset__isnull=False, position__isnull=False),
                name="stream_event_numbered_whole",
            ),
        ]
        indexes = [
            # The relay's poll: the few rows that no one has numbered yet.
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="stream_event_unnumbered"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}#{self.offset} {self.type}"


class Job(models.Model):
    """A task to run after the commit of the transaction that wrote the row, at least once.

    The relay enqueues rows whose `enqueue_at` has come, under the row's id as Celery's task id, and moves `enqueue_at`
    on; so a row whose message was lost is enqueued again. The task deletes the row in the transaction of its effect.
    While it runs, `enqueue_at` is the end of its lease.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DEAD = "dead"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=100)
    queue = models.CharField(max_length=20, default="default")
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    # How often a worker has claimed it.
    attempts = models.PositiveSmallIntegerField(default=0)
    # How often it was enqueued since it last became due.
    sent = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    # Of jobs with the same key one runs at a time; empty: with any others. The database has a default for processes of
    # an older release, whose INSERT does not name the column.
    concurrency_key = models.CharField(max_length=100, blank=True, default="", db_default="")
    enqueue_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Two workers that claim at once cannot both succeed. A killed worker's row leaves when its lease is over.
            models.UniqueConstraint(
                fields=["concurrency_key"],
                condition=Q(state="running") & ~Q(concurrency_key=""),
                name="job_runs_alone",
            ),
        ]
        indexes = [
            # The relay's poll for what is due.
            models.Index(fields=["enqueue_at"], condition=~Q(state="dead"), name="job_due"),
            # What the alarm counts and the admin lists, however many others wait.
            models.Index(fields=["-created_at"], condition=Q(state="dead"), name="job_dead"),
            # The admin's list of all. No more than that: every like writes a row here.
            models.Index(fields=["-created_at"], name="job_created"),
            # Which job of a key comes next; only few jobs have one.
            models.Index(
                fields=["concurrency_key", "created_at"], condition=~Q(concurrency_key=""), name="job_concurrency_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.id} ({self.state})"


class Epoch(models.Model):
    """The single row that names the epoch; the relay starts a new one if the database's origin changed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.CharField(max_length=16)
    # The database's origin when the epoch began (realtime/origin.py); empty: unknown.
    origin = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="epoch_is_one_row")]

    def __str__(self) -> str:
        return self.value


class Canary(models.Model):
    """The last canary of a queue (realtime/canaries.py): out until `returned_at` is set."""

    queue = models.CharField(max_length=20, primary_key=True)
    job = models.UUIDField()
    sent_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "canaries"

    def __str__(self) -> str:
        return self.queue
