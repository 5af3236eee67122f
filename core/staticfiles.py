"""`/static/`: WhiteNoise in a chain of its own, so that no API request pays for it."""

from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from core import api
from core.handler import OneHopHandler


class _StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise over `collectstatic`'s folder, and over the apps' own folders where nothing was collected."""

    def __init__(self, get_response: Any) -> None:
        collected = Path(settings.STATIC_ROOT or "").is_dir()
        super().__init__(get_response, settings=_Options(collected=collected))


class _Options:
    """The settings as WhiteNoise reads them."""

    def __init__(self, *, collected: bool) -> None:
        self.STATIC_ROOT = settings.STATIC_ROOT if collected else None
        self.WHITENOISE_USE_FINDERS = not collected or settings.DEBUG

    def __getattr__(self, name: str) -> Any:
        return getattr(settings, name)


def _at_once(response: StreamingHttpResponse) -> HttpResponse:
    """The file in one message: pumped to a slow client each would hold a thread of the API's.

    No file is large, and the server holds one answer for each connection.
    """
    whole = HttpResponse(b"".join(response), status=response.status_code, headers=dict(response.items()))
    whole._resource_closers.extend(response._resource_closers)  # type: ignore[attr-defined]
    return whole


class StaticHandler(OneHopHandler):
    """An ASGI application for `/static/`. The files are looked up at the first request, not at start."""

    def load_middleware(self, is_async: bool = False) -> None:
        """No middleware of settings: only what `_chain` names."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self._chain(request)
        if isinstance(response, StreamingHttpResponse):
            response = _at_once(response)
        response._resource_closers.append(request.close)  # type: ignore[attr-defined]
        return response

    @cached_property
    def _chain(self) -> Any:
        return convert_exception_to_response(SecurityMiddleware(_StaticFiles(api.not_found)))
