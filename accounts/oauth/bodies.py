"""The small adapter through which apps may send JSON where OAuth has forms: oauthlib gets what DRF has parsed."""

from typing import Any

from django.http import QueryDict
from oauth2_provider.oauth2_backends import OAuthLibCore
from rest_framework.exceptions import ParseError


class ParsedBodies(OAuthLibCore):  # type: ignore[misc]  # it is not typed
    def extract_body(self, request: Any) -> list[tuple[str, str]]:
        """(name, value) of every parameter; one that comes twice does so here, for oauthlib refuses it.

        The pages take all of theirs from the address.
        """
        data = getattr(request, "data", {})
        if isinstance(data, QueryDict):
            return [(name, value) for name, values in data.lists() for value in values]
        wrong = [name for name, value in data.items() if not isinstance(value, str)]
        if wrong:
            raise ParseError(f"Every parameter is a string: {', '.join(wrong)}.")
        return list(data.items())
