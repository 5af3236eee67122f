"""Which scope an app needs that acts for somebody (docs/oauth.md): `read` to read and `write` for the rest.

A view says where that is not so:

    class TicketView(APIView):
        scopes = {"POST": "read"}

Whoever signed in by themselves may do all that they may do: scopes are for the apps of others.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import SAFE_METHODS

READ, WRITE, MODERATE = "read", "write", "moderate"
# What no app may do, whatever it was allowed: only people themselves.
NO_APP = ""


def scope_for(view: Any, method: str) -> str:
    """The scope that `method` of `view` needs; NO_APP when none opens it."""
    scopes: Mapping[str, str] = getattr(view, "scopes", {})
    return scopes.get(method, READ if method in SAFE_METHODS else WRITE)
