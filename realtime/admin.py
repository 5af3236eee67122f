"""The admin's view of the outbox: dead jobs to try again, events and canaries to look at."""

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.large_tables import Exactly, Key, LargeTableAdmin, LookedAtAdmin, only
from realtime.jobs import revive
from realtime.models import Canary, Epoch, Job, StreamEvent


@admin.register(Job)
class JobAdmin(LargeTableAdmin):
    list_display = ["id", "task", "queue", "state", "attempts", "error", "enqueue_at", "created_at"]
    list_filter = [only("dead", Q(state=Job.State.DEAD))]
    finders = (Key(),)
    ordering = ("-created_at",)
    # A job is what a service asked for: nobody edits it. Deleting one means that it is not done.
    readonly_fields = [
        "id",
        "task",
        "queue",
        "args",
        "state",
        "attempts",
        "sent",
        "error",
        "concurrency_key",
        "enqueue_at",
        "created_at",
    ]
    actions = ["try_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Try again (dead ones)", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        dead = list(queryset.filter(state=Job.State.DEAD))
        count = revive(queryset.filter(pk__in=[job.pk for job in dead]))
        assert request.user.pk is not None  # nobody is here who is not signed in
        LogEntry.objects.log_actions(request.user.pk, dead, CHANGE, "Tried again.")
        self.message_user(request, f"{count} jobs will be tried again.")


@admin.register(StreamEvent)
class StreamEventAdmin(LookedAtAdmin):
    list_display = ["id", "channel", "offset", "type", "position", "created_at"]
    list_filter = [only("not numbered yet", Q(position__isnull=True))]
    finders = (Key(), Exactly("channel"))


@admin.register(Epoch)
class EpochAdmin(LookedAtAdmin):
    """The current epoch. The relay starts a new one after a restore or a promotion; so does `manage.py new_epoch`."""

    list_display = ["id", "value", "origin"]


@admin.register(Canary)
class CanaryAdmin(LookedAtAdmin):
    """The last one of each queue: out as long as it has not returned."""

    list_display = ["queue", "sent_at", "returned_at", "round_trip"]

    @admin.display(description="round trip")
    def round_trip(self, canary: Canary) -> str:
        return f"{(canary.returned_at - canary.sent_at).total_seconds():.3f} s" if canary.returned_at else "out"
