"""The admin's own sign-in, limited as the API's is."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from core.clients import address_of
from core.limits import failures


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
