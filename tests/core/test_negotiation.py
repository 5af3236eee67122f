"""A client gets what its `Accept` asks for, the first time and when it is remembered."""

from typing import Any

import pytest
from django.http import Http404
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from core.negotiation import RememberedNegotiation


class Plain(BaseRenderer):
    media_type, format = "text/plain", "txt"

    def render(self, data: Any, *args: Any) -> bytes:
        return b""


def chosen(negotiation: DefaultContentNegotiation, accept: str | None, query: str, kinds: list[Any]) -> Any:
    headers = {} if accept is None else {"Accept": accept}
    request = Request(APIRequestFactory().get(f"/{query}", headers=headers))
    renderers = [kind() for kind in kinds]
    try:
        renderer, media_type = negotiation.select_renderer(request, renderers)
    except (exceptions.NotAcceptable, Http404) as refused:
        return type(refused)
    assert renderer in renderers  # this request's own, which may keep state
    return type(renderer), media_type


@pytest.mark.parametrize("kinds", [[JSONRenderer], [JSONRenderer, Plain, StaticHTMLRenderer], [Plain, JSONRenderer]])
@pytest.mark.parametrize("query", ["", "?format=json", "?format=txt", "?format=xml"])
@pytest.mark.parametrize(
    "accept",
    [
        *(None, "*/*", "", "application/json", "application/json; indent=4", "text/*", "image/webp", "nonsense"),
        *("text/html,application/xhtml+xml,*/*;q=0.8", "text/plain, application/json", "a/b," * 500),
    ],
)
def test_it_chooses_as_drf_does_again_and_again(accept: str | None, query: str, kinds: list[Any]) -> None:
    expected = chosen(DefaultContentNegotiation(), accept, query, kinds)
    for _ in range(2):
        assert chosen(RememberedNegotiation(), accept, query, kinds) == expected
