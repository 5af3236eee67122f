"""What the pages of the OAuth provider have in common: they look like ours, and nothing else gets in."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.throttles import auth_wait


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200, leads_to: str = ""
) -> HttpResponse:
    """A page of templates/oauth. `leads_to`: the one address elsewhere that its form may end at (an app's redirect)."""
    response = render(request, f"oauth/{template}.html", context, status=status)
    response["Content-Security-Policy"] = "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            # Chromium holds redirects after a form to it, too.
            f"form-action 'self' {_source(leads_to)}".rstrip(),
            "frame-ancestors 'none'",
        ]
    )
    # Whose page it is depends on the cookie.
    response["Cache-Control"] = "no-store"
    return response


def _source(uri: str) -> str:
    """What a policy calls the place of URI: its origin, or the scheme of an app on the device."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme else ""


def too_many(request: HttpRequest) -> HttpResponse | None:
    """Counts a form against THROTTLE_AUTH; the page that says so when that is used up."""
    wait = auth_wait(request)
    if not wait:
        return None
    response = refused(
        request, f"Too many tries from here. Wait {wait} seconds, then go back and try again.", status=429
    )
    response["Retry-After"] = str(wait)
    return response


def refused(request: HttpRequest, detail: str, *, status: int = 400) -> HttpResponse:
    return page(request, "refused", {"detail": detail}, status=status)
