"""The admin's own sign-in, limited as the API's is, and the idempotency keys and the log of staff to look at."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from core.clients import address_of
from core.large_tables import Key, LargeTableAdmin, LookedAtAdmin, Person
from core.limits import failures
from core.models import IdempotencyKey


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
