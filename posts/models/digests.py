"""The ledger of daily digests."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class DigestRun(models.Model):
    """That the digests of one day in one time zone were begun. Whoever writes the row begins them."""

    timezone = models.CharField(max_length=64)
    local_date = models.DateField()
    # The ids of the recipes that were rated best since the last digest, the best first: the same for everybody.
    best = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["local_date", "timezone"], name="digest_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.local_date} in {self.timezone}"


class Digest(models.Model):
    """One person's mail of one day, theirs by the calendar of their time zone: at most one, and sent at most once.

    A row that is `sending` when its worker dies may have been sent: it becomes `ambiguous` and is not sent again.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        # There was nothing to say.
        EMPTY = "empty"
        # Not wanted any more, or nobody to send it to: see `note`.
        SKIPPED = "skipped"
        # Its day was over before its turn came.
        MISSED = "missed"
        # The mail server will not have it, or it could not be written: see `note`.
        FAILED = "failed"
        AMBIGUOUS = "ambiguous"

    OPEN = (State.PENDING, State.SENDING)

    # The index of the constraint does not begin with it: this one is for a person who goes.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    local_date = models.DateField()
    # Where that date was when the digest was begun.
    timezone = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    # How often the mail server has put it off.
    tries = models.PositiveSmallIntegerField(default=0)
    # A word or two for people who operate this: an SMTP code, the class of an error.
    note = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["local_date", "user"], name="digest_once_a_day"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["pending", "sending", "sent", "empty", "skipped", "missed", "failed", "ambiguous"]
                ),
                name="digest_state_known",
            ),
        ]
        indexes = [
            # What is still to be done, in the order in which it is.
            models.Index(
                fields=["local_date", "timezone", "user"],
                condition=Q(state__in=["pending", "sending"]),
                name="digest_open",
            ),
            # For the admin: those that somebody should look at, newest first.
            models.Index(fields=["-id"], condition=Q(state__in=["ambiguous", "failed"]), name="digest_in_doubt"),
            # How many of each state there are of the last days, from the index alone.
            models.Index(fields=["local_date", "state"], name="digest_counts"),
        ]

    def __str__(self) -> str:
        return f"digest of {self.user_id} on {self.local_date}: {self.state}"
