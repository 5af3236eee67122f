"""Conditional reads and edits: `ETag: "version.bodyhash"`.

`If-None-Match` compares all of it (304). `If-Match` on an edit compares the version alone, which only edits change: a
like in between changes the body and must not refuse the edit. Tags that a proxy made weak (`W/`) are taken alike.
"""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import JSONRenderer

# For so long the gateway may give what an anonymous client has read to other anonymous ones (gateway/nginx.conf). nginx
# keeps this header to itself.
GATEWAY_SECONDS = "1"
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_renderer = JSONRenderer()


def conditional(
    request: Request, response: Response, *, version: int = 0, media_type: str = "application/json"
) -> HttpResponse:
    """RESPONSE (JSON, under whichever MEDIA_TYPE) with its ETag, as a plain HttpResponse.

    304 when a reading client has just that.

    `version` is the edit counter of one thing; a list has none, and says 0. The answer may differ by viewer.
    """
    body = response.data if isinstance(response.data, bytes) else _renderer.render(response.data)
    tag = f"{version}.{hashlib.blake2b(body, digest_size=12).hexdigest()}"
    known = request.META.get("HTTP_IF_NONE_MATCH") if request.method in ("GET", "HEAD") else None
    if known is not None and (known.strip() == "*" or tag in _TAG.findall(known)):
        answer = HttpResponse(status=304)
        del answer["Content-Type"]
    else:
        answer = HttpResponse(body, status=response.status_code, content_type=media_type)
    for name, value in response.headers.items():
        if name != "Content-Type":
            answer[name] = value
    answer["ETag"] = f'"{tag}"'
    answer["Cache-Control"] = "private, no-cache"
    patch_vary_headers(answer, ["Authorization"])
    if answer.status_code == 200 and request.method in ("GET", "HEAD") and _is_anonymous(request):
        answer["X-Accel-Expires"] = GATEWAY_SECONDS
    return answer


def _is_anonymous(request: Request) -> bool:
    return "HTTP_AUTHORIZATION" not in request.META and "HTTP_COOKIE" not in request.META


def expected_versions(request: Request | HttpRequest) -> set[int] | None:
    """The versions that `If-Match` allows to be edited; None when any is (no such header, or `*`)."""
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is None or wanted.strip() == "*":
        return None
    versions = (tag.partition(".")[0] for tag in _TAG.findall(wanted))
    return {int(version) for version in versions if version.isascii() and version.isdigit() and len(version) < 10}
