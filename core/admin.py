"""The admin's own sign-in, limited as the API's is; idempotency keys and alarms to look at."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from core.clients import address_of
from core.limits import failures
from core.models import IdempotencyKey, RaisedAlarm

if TYPE_CHECKING:
    KeyModelAdmin = admin.ModelAdmin[IdempotencyKey]
    AlarmModelAdmin = admin.ModelAdmin[RaisedAlarm]
else:
    KeyModelAdmin = AlarmModelAdmin = admin.ModelAdmin


class SignInForm(AdminAuthenticationForm):
    """Refuses a try, right or wrong, after too many wrong ones of that name."""

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        account, address = f"admin:{self.cleaned_data.get('username', '')}", address_of(self.request)
        if wait := failures.hit(account=account, address=address):
            raise ValidationError(f"Too many tries. Wait {wait} seconds.", code="throttled")
        cleaned: dict[str, Any] = super().clean()
        failures.clear(account=account, address=address)
        return cleaned


admin.site.login_form = SignInForm


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(KeyModelAdmin):
    """Without the answers, which are between a person and Simmer. Deleting one lets its request create again."""

    list_display = ["id", "user", "key", "status", "attempt", "leased_until", "expires_at"]
    list_filter = ["status"]
    list_select_related = ["user"]
    search_fields = ["=key", "=user__username"]
    ordering = ["-id"]
    exclude = ["headers", "body"]
    readonly_fields = ["user", "key", "fingerprint", "status", "attempt", "leased_until", "expires_at"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(RaisedAlarm)
class RaisedAlarmAdmin(AlarmModelAdmin):
    """What is wrong at this moment. A row goes by itself when its cause does."""

    list_display = ["kind", "subject", "detail", "raised_at"]
    list_filter = ["kind"]
    ordering = ["-raised_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RaisedAlarm | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RaisedAlarm | None = None) -> bool:
        return False
