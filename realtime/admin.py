"""The admin's view of the outbox: dead jobs to try again, events and canaries to look at."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from realtime.jobs import revive
from realtime.models import Canary, Job, StreamEvent

if TYPE_CHECKING:
    JobModelAdmin = admin.ModelAdmin[Job]
    StreamEventModelAdmin = admin.ModelAdmin[StreamEvent]
    CanaryModelAdmin = admin.ModelAdmin[Canary]
else:
    JobModelAdmin = StreamEventModelAdmin = CanaryModelAdmin = admin.ModelAdmin


@admin.register(Job)
class JobAdmin(JobModelAdmin):
    list_display = ["id", "task", "queue", "state", "attempts", "error", "enqueue_at", "created_at"]
    list_filter = ["state", "queue", "task"]
    search_fields = ["id", "task"]
    ordering = ["-created_at"]
    # A job is what a service asked for: nobody edits it. Deleting one means that it is not done.
    readonly_fields = ["id", "task", "queue", "args", "state", "attempts", "sent", "error", "enqueue_at", "created_at"]
    actions = ["try_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Try again (dead ones)", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self.message_user(request, f"{revive(queryset)} jobs will be tried again.")


@admin.register(StreamEvent)
class StreamEventAdmin(StreamEventModelAdmin):
    list_display = ["id", "channel", "offset", "type", "position", "created_at"]
    list_filter = ["type"]
    search_fields = ["=channel"]
    ordering = ["-id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StreamEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StreamEvent | None = None) -> bool:
        return False


@admin.register(Canary)
class CanaryAdmin(CanaryModelAdmin):
    """The last one of each queue: out as long as it has not returned."""

    list_display = ["queue", "sent_at", "returned_at", "round_trip"]

    @admin.display(description="round trip")
    def round_trip(self, canary: Canary) -> str:
        return f"{(canary.returned_at - canary.sent_at).total_seconds():.3f} s" if canary.returned_at else "out"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Canary | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Canary | None = None) -> bool:
        return False
