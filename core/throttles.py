"""DRF's side of the limits: which ones a request counts against, and the RateLimit headers of every answer."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.clients import address_of, limit_key
from core.limits import Limit, parse_rate, seconds, take

# Scopes that count by address even for a signed-in user: passwords are guessed, and accounts made, from an address.
BY_ADDRESS = frozenset({"auth", "register"})


class RequestThrottle(BaseThrottle):
    """Counts a request under the general limits (`anon` by address, `user` by user), or under its view's own limits.

    A view's own limits apply to its writes and replace the general ones, so that reading never uses up the requests
    that signing in or uploading needs. A view names them in one of two ways:

    - `throttle_scope`: a name of THROTTLES, or None for the general limits;
    - `throttle_keys(request)`: {name of THROTTLES: key to count under}, where a scope is not enough.

    A limit that is `off` is not replaced by another one. Headers as in draft-ietf-httpapi-ratelimit-headers:
    `RateLimit-Policy: "anon";q=10;w=60` and `RateLimit: "anon";r=7;t=42` (7 left; more comes free in 42 s).
    """

    def __init__(self) -> None:
        self._wait: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        wanted = _wanted(request, view)
        standings = take([(key, limit) for _, key, limit in wanted])
        policies, states = [], []
        for (name, _, limit), standing in zip(wanted, standings, strict=True):
            policies.append(f'"{name}";q={limit.requests};w={limit.seconds}')
            states.append(f'"{name}";r={standing.remaining};t={seconds(standing.reset)}')
            if not standing.free:
                self._wait = max(self._wait or 0, seconds(standing.reset))
        if policies:
            view.headers["RateLimit-Policy"] = ", ".join(policies)
            view.headers["RateLimit"] = ", ".join(states)
        return self._wait is None

    def wait(self) -> float | None:
        return self._wait


def address_key(request: Request) -> str:
    """The client's address as limits count it: limit_key() of it."""
    return limit_key(address_of(request._request))


def fields_of(request: Request) -> Mapping[str, Any]:
    """The body's fields, for views whose limits depend on them; none of a type that the view will refuse (415)."""
    try:
        data = request.data
    except UnsupportedMediaType:
        return {}
    return data if isinstance(data, Mapping) else {}


def scope_keys(request: Request, scope: str) -> dict[str, str]:
    """{scope: key}: the address for BY_ADDRESS scopes and anonymous clients, else the user."""
    person = request.user.pk if scope not in BY_ADDRESS and request.user is not None else None
    return {scope: address_key(request) if person is None else str(person)}


def _wanted(request: Request, view: Any) -> list[tuple[str, str, Limit]]:
    """(name, key, limit) of each limit that is switched on and applies to this request."""
    limits = [
        (name, f"{name}:{key}", parse_rate(settings.THROTTLES[name])) for name, key in _keys(request, view).items()
    ]
    return [(name, key, limit) for name, key, limit in limits if limit is not None]


def _keys(request: Request, view: Any) -> Mapping[str, str]:
    if request.method not in SAFE_METHODS:
        if hasattr(view, "throttle_keys"):
            keys: Mapping[str, str] = view.throttle_keys(request)
            return keys
        if (scope := getattr(view, "throttle_scope", None)) is not None:
            return scope_keys(request, scope)
    is_anonymous = request.user is None or request.user.pk is None
    return scope_keys(request, "anon" if is_anonymous else "user")


def auth_wait(request: HttpRequest) -> int:
    """Count a page's form against THROTTLE_AUTH, as DRF's views with that scope are. 0, or the seconds to wait."""
    limit = parse_rate(settings.THROTTLES["auth"])
    if limit is None:
        return 0
    (standing,) = take([(f"auth:{limit_key(address_of(request))}", limit)])
    return 0 if standing.free else seconds(standing.reset)
