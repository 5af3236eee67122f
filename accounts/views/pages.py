"""The pages that links in mails lead to, unless an app of one's own takes their place (core/mail_settings.py).

Looking at one changes nothing, for mail servers and browsers look at links before people do.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.services.preferences import digest_stop
from accounts.unsubscribing import reader_of
from core.errors import Invalid


@require_safe
def password(request: HttpRequest) -> HttpResponse:
    """Sets a new password with the token behind the "#", which never comes here: its script gives it to the API."""
    return _page(request, "account/password.html")


@require_safe
def email(request: HttpRequest) -> HttpResponse:
    """Confirms an address with the token behind the "#"."""
    return _page(request, "account/email.html")


# Whoever has the link may: the signature in it is what a CSRF token would be, and mail providers send none.
@method_decorator(csrf_exempt, name="dispatch")
class UnsubscribeView(View):
    """`?token=` of a digest. POST ends the digest, whatever is in its body (RFC 8058); GET asks first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request, is_done=False)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request, is_done=True)

    def _answer(self, request: HttpRequest, *, is_done: bool) -> HttpResponse:
        try:
            user_id = reader_of(request.GET.get("token", ""))
        except Invalid as error:
            return _page(request, "account/unsubscribe.html", status=400, complaint=error.detail)
        if is_done:
            digest_stop(user_id=user_id)
        return _page(request, "account/unsubscribe.html", is_done=is_done)


def _page(request: HttpRequest, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    response = render(request, template, context, status=status)
    # The address has a token.
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
