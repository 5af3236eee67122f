"""Apps in Django's admin: registered, given new secrets, deleted. django-oauth-toolkit registers these classes."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from oauth2_provider.generators import generate_client_secret

from accounts.models import Application
from accounts.services.apps import apps_delete
from core.large_tables import Exactly, Key, LargeTableAdmin, LookedAtAdmin, Person


class ApplicationAdmin(LargeTableAdmin):
    """Who deletes an app ends all that people allow it. A secret is shown once: only its hash is kept."""

    list_display = ("name", "client_type", "client_id", "user", "created")
    list_filter = ("client_type",)
    list_select_related = ("user",)
    finders = (Key(), Person("user", only_with_at=True), Exactly("client_id"))
    fields = ("name", "client_type", "redirect_uris", "user", "client_id", "created", "updated")
    readonly_fields = ("client_id", "created", "updated")
    actions = ("give_new_secret",)

    def save_model(self, request: HttpRequest, obj: Application, form: Any, change: bool) -> None:
        secret = obj.client_secret  # of a new one as it was made; saving hashes it
        super().save_model(request, obj, form, change)
        if not change:
            self._show(request, obj, secret)

    def _show(self, request: HttpRequest, app: Application, secret: str) -> None:
        text = f"{app.name}: its client id is {app.client_id}"
        if app.client_type == Application.CLIENT_CONFIDENTIAL:
            text += f", and its secret {secret}. It is not shown again."
        self.message_user(request, text, messages.SUCCESS)

    def give_new_secret(self, request: HttpRequest, apps: QuerySet[Application]) -> None:
        for app in apps:
            if app.client_type != Application.CLIENT_CONFIDENTIAL:
                self.message_user(request, f"{app.name} is public: it has no secret.", messages.WARNING)
                continue
            secret = app.client_secret = generate_client_secret()
            app.save(update_fields=["client_secret", "updated"])
            self.log_change(request, app, "New secret.")
            self._show(request, app, secret)

    give_new_secret.short_description = "Give a new secret, which ends the old one"  # type: ignore[attr-defined]
    give_new_secret.allowed_permissions = ["change"]  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Application) -> None:
        apps_delete(applications=[obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        apps_delete(applications=list(queryset))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The apps alone: what people allow them may be a million rows."""
        apps = list(objs)
        return [str(app) for app in apps], {self.opts.verbose_name_plural: len(apps)}, set(), []


class GrantAdmin(LookedAtAdmin):
    """Codes that are on their way to an app, for a minute. They are secrets, and not shown."""

    list_display = ("id", "application", "user", "scope", "expires")
    list_select_related = ("application", "user")
    finders = (Key(), Person("user"))
    fields = ("application", "user", "scope", "redirect_uri", "expires", "created")


class UnusedAdmin(LookedAtAdmin):
    """A table of the toolkit's that stays empty (docs/decisions/0010-an-apps-grant-is-a-session.md)."""

    list_display = ("__str__",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        told = {"subtitle": "empty on purpose: what people allow apps is under Sessions"}
        return super().changelist_view(request, {**(extra_context or {}), **told})
