"""The admin site: Django's own, except that a value which no row can have is a message and not a 500."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse


class SimmerAdminSite(AdminSite):
    """`django.contrib.admin.site` is an instance of this class (`core.apps.SimmerAdminConfig`)."""

    password_change_form: type[PasswordChangeForm] = AdminPasswordChangeForm

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Wrap `view` as Django does; an identifier that its column cannot hold leads to the index with a message.

        SQLite's driver raises OverflowError for integers above 63 bits, which Django catches for integer columns, not
        for foreign keys nor for rows selected for an action. A malformed UUID among the selected rows is a
        ValidationError.
        """

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return view(request, *args, **kwargs)
            except (OverflowError, ValidationError):
                text = "No row has such a value. Check the numbers and identifiers in the address."
                messages.error(request, text)
                return HttpResponseRedirect(reverse(f"{self.name}:index"))

        return super().admin_view(checked, cacheable)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's page with `password_change_form`, which the app of accounts sets."""
        request.current_app = self.name
        page = PasswordChangeView.as_view(
            form_class=self.password_change_form,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return page(request)
