"""Keys, alarms, periodic runs and the log of staff, to look at in the admin."""

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.celery import app
from core.large_tables import Key, LargeTableAdmin, LookedAtAdmin, Person, only
from core.models import IdempotencyKey, PeriodicRun, RaisedAlarm
from core.queues import queue_of


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(LargeTableAdmin):
    """Without the answers, which are between a person and Simmer. Deleting one lets its request create again."""

    list_display = ["id", "user", "key", "status", "attempt", "leased_until", "expires_at"]
    list_select_related = ["user"]
    finders = (Key(), Person("user"))
    exclude = ["headers", "body"]
    readonly_fields = ["user", "key", "fingerprint", "status", "attempt", "leased_until", "expires_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(LogEntry)
class LogEntryAdmin(LookedAtAdmin):
    """What staff did in the admin. What they decided about people's things is under Moderation actions, too."""

    list_display = ["id", "action_time", "user", "content_type", "object_repr", "action_flag", "change_message"]
    list_select_related = ["user", "content_type"]
    finders = (Key(), Person("user"))


@admin.register(RaisedAlarm)
class RaisedAlarmAdmin(LookedAtAdmin):
    """What is wrong at this moment. A row goes by itself when its cause does."""

    list_display = ["kind", "subject", "detail", "raised_at"]


@admin.register(PeriodicRun)
class PeriodicRunAdmin(LookedAtAdmin):
    """How the last run of each periodic task went. When they run stands under Periodic tasks."""

    list_display = ["task", "failures", "error", "started_at", "finished_at", "succeeded_at"]
    list_filter = [only("failed", Q(failures__gt=0))]
    ordering = ("-failures", "task")
    actions = ["run_now"]

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_periodicrun")

    @admin.action(description="Run now", permissions=["run"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicRun]) -> None:
        """A tick more for each. It needs the broker, which the next tick of the schedule will need as well."""
        try:
            with app.connection_for_write(transport_options={"socket_connect_timeout": 2, "max_retries": 1}) as broker:
                for row in queryset:
                    app.send_task(row.task, queue=queue_of(row.task), connection=broker, retry=False)
        except LookupError as error:
            self.message_user(request, str(error), messages.ERROR)
        except Exception as error:  # kombu, redis and socket errors have no base in common
            self.message_user(request, f"The broker takes no task ({type(error).__name__}).", messages.ERROR)
        else:
            self.message_user(request, f"{len(queryset)} tasks will run as soon as a worker is free.")
