"""Sign-in to the admin: by the same check and under the same limits as `POST /api/auth/token/`."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.services.sessions import person_with
from core.clients import address_of
from core.errors import Throttled, Unauthenticated
from core.throttles import auth_wait


class SignInForm(AdminAuthenticationForm):
    """Counts each try against THROTTLE_AUTH of the address, and against the failed sign-ins of the account."""

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        if wait := auth_wait(self.request):
            raise ValidationError(f"Too many attempts from your address. Wait {wait} seconds.", code="throttled")
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            try:
                user = person_with(identifier=username, password=password, address=address_of(self.request))
            except Throttled as error:
                raise ValidationError(error.detail, code="throttled") from error
            except Unauthenticated as error:
                raise self.get_invalid_login_error() from error
            self.confirm_login_allowed(user)
            self.user_cache = user
        return self.cleaned_data
