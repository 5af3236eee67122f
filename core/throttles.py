"""DRF's side of the limits: which ones a request counts against, and the RateLimit headers of every answer."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.clients import address_of, limit_key
from core.limits import Limit, parse_rate, seconds, take

# Who somebody says they are means nothing here: sign-in is guessed at, and accounts are made, from an address.
BY_ADDRESS = frozenset({"auth", "register"})


class RequestThrottle(BaseThrottle):
    """`anon` by address or `user` by person; with `throttle_scope` on the view, its writes count there as well.

    Headers as in draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy: "anon";q=10;w=60` and
    `RateLimit: "anon";r=7;t=42` (7 left; more comes free in 42 s).
    """

    def __init__(self) -> None:
        self._wait: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        wanted = self._wanted(request, getattr(view, "throttle_scope", None))
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

    @staticmethod
    def _wanted(request: Request, scope: str | None) -> list[tuple[str, str, Limit]]:
        """(name, key, limit) of each limit that is switched on and holds for this request."""
        address = limit_key(address_of(request._request))
        person = request.user.pk if request.user is not None else None
        keys = {"anon": address} if person is None else {"user": str(person)}
        if scope is not None and request.method not in SAFE_METHODS:
            keys[scope] = address if person is None or scope in BY_ADDRESS else str(person)
        limits = [(name, f"{name}:{key}", parse_rate(settings.THROTTLES[name])) for name, key in keys.items()]
        return [(name, key, limit) for name, key, limit in limits if limit is not None]


def auth_wait(request: HttpRequest) -> int:
    """Counts a form of a page against THROTTLE_AUTH, as DRF's views with that scope are. 0, or the seconds to wait."""
    limit = parse_rate(settings.THROTTLES["auth"])
    if limit is None:
        return 0
    (standing,) = take([(f"auth:{limit_key(address_of(request))}", limit)])
    return 0 if standing.free else seconds(standing.reset)
