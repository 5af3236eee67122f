"""The addresses of the earlier systems: today's views under yesterday's names, and no second implementation.

Each answer says since when the address is deprecated (RFC 9745) and which one follows it (RFC 5829). They are not in
the OpenAPI description, which is for new clients.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse

from accounts.views.auth import RefreshView, RegisterView, TokenView
from posts.urls import urlpatterns as post_urls
from recipes.urls import urlpatterns as recipe_urls

DEPRECATED_AT = datetime(2026, 11, 1, tzinfo=UTC)

View = Callable[..., HttpResponseBase]


class Earlier:
    """A view at an earlier address. `successor` is the name of today's route, whose arguments are the same."""

    # DRF's views have no need of it: their tokens come in a header, which no other site can set.
    csrf_exempt = True

    def __init__(self, view: View, successor: str) -> None:
        self.view, self.successor = view, successor
        self.__module__ = view.__module__

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        response = self.view(request, **kwargs)
        link = f'<{reverse(self.successor, kwargs=kwargs)}>; rel="successor-version"'
        response["Link"] = f"{response['Link']}, {link}" if "Link" in response else link
        response["Deprecation"] = f"@{DEPRECATED_AT.timestamp():.0f}"
        return response


def earlier(route: str, view: View, successor: str) -> URLPattern:
    return path(route, Earlier(view, successor))


def without_prefix(folder: str, urls: Iterable[URLPattern]) -> Iterator[URLPattern]:
    """Each of URLS that begins with FOLDER, which are today's under `/api/`, at the same address without `/api`."""
    for pattern in urls:
        route = str(pattern.pattern)
        if route.startswith(folder):
            assert pattern.name is not None
            yield earlier(route, pattern.callback, pattern.name)


urlpatterns = [
    earlier("auth/signup/", RegisterView.as_view(), "auth-register"),
    earlier("users/create/", RegisterView.as_view(), "auth-register"),
    earlier("auth/login/", TokenView.as_view(), "auth-token"),
    earlier("auth/token/refresh/", RefreshView.as_view(), "auth-refresh"),
    *without_prefix("recipes/", recipe_urls),
    *without_prefix("posts/", post_urls),
]
