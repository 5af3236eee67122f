"""`/`: the live page. What moves in it is static (core/static/live); this serves the frame and its policy."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.demo import DEMO_PASSWORD, DEMO_PEOPLE
from core.first_page import first_recipes


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page; one query with DEBUG, for the demo users who are there to sign in as, and those of `first_recipes`."""
    response = render(
        request,
        "live.html",
        {"demo_people": _demo_people(), "demo_password": DEMO_PASSWORD, "first_recipes": first_recipes()},
    )
    response["Content-Security-Policy"] = _policy(request)
    response["Cache-Control"] = "no-cache"
    return response


def _demo_people() -> list[dict[str, Any]]:
    if not settings.DEBUG:
        return []
    names = get_user_model()._default_manager.filter(username__in=DEMO_PEOPLE.values(), is_active=True)
    there = set(names.values_list("username", flat=True))
    return [{"role": role, "username": name} for role, name in DEMO_PEOPLE.items() if name in there]


def _policy(request: HttpRequest) -> str:
    """Our own files and nothing else: no inline script or style, no other site but that of the pictures."""
    host = request.get_host()
    media = urlsplit(default_storage.url("x"))
    pictures = f" {media.scheme}://{media.netloc}" if media.netloc else ""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: data:{pictures}",
            # Older browsers do not count ws: and wss: of the same host as 'self'.
            f"connect-src 'self' ws://{host} wss://{host}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )
