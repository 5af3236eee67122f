"""Which media type a client gets: DRF's rules, worked out once for each `Accept` header that clients send."""

from collections.abc import Iterable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# Headers that a process remembers; what clients make up pushes out what nobody sends any more.
HEADERS = 1_000


class RememberedNegotiation(DefaultContentNegotiation):
    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """(renderer, media type). Raises NotAcceptable, or Http404 for an unknown `?format=`."""
        if format_suffix or self.settings.URL_FORMAT_OVERRIDE in request.query_params:
            return super().select_renderer(request, renderers, format_suffix)
        accept = request._request.META.get("HTTP_ACCEPT", "*/*")
        known = list(renderers)
        index, media_type = _choice(accept, tuple(type(renderer) for renderer in known))
        return known[index], media_type


@lru_cache(HEADERS)
def _choice(accept: str, kinds: tuple[type[BaseRenderer], ...]) -> tuple[int, str]:
    renderers = [kind() for kind in kinds]
    request: Any = SimpleNamespace(headers={"accept": accept}, query_params={})
    renderer, media_type = DefaultContentNegotiation().select_renderer(request, renderers)
    return renderers.index(renderer), media_type
