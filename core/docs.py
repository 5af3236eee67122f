"""The API's description in OpenAPI, and the pages that show it. All that they load is served by Simmer itself."""

import hashlib
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import etag, require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from core import api
from core.security import CONTENT_SECURITY_POLICY

TYPES = {"json": "application/json", "yaml": "application/yaml"}
ALSO_YAML = ("application/vnd.oai.openapi", "application/x-yaml", "text/yaml")
# Redoc would fetch its maker's logo.
PAGES_POLICY = CONTENT_SECURITY_POLICY.replace(" https:", "")


@cache
def description(kind: str) -> bytes:
    """The whole document as "json" or "yaml". It takes a second to make, and cannot change while we run."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    renderer: Any = OpenApiYamlRenderer() if kind == "yaml" else OpenApiJsonRenderer()
    rendered: bytes = renderer.render(document, renderer_context={})
    return rendered


def _kind(request: HttpRequest) -> str | None:
    """`?format=`, else what Accept prefers, else JSON; None for a format that there is not."""
    if (wanted := request.GET.get("format")) is not None:
        return wanted if wanted in TYPES else None
    preferred = request.get_preferred_type([*TYPES.values(), *ALSO_YAML])
    return "yaml" if preferred is not None and preferred != TYPES["json"] else "json"


def _tag(request: HttpRequest) -> str | None:
    kind = _kind(request)
    return f'"{hashlib.blake2b(description(kind), digest_size=12).hexdigest()}"' if kind else None


@require_safe
@etag(_tag)
def schema(request: HttpRequest) -> HttpResponse:
    """GET /api/schema/: OpenAPI 3.1, as JSON or (`?format=yaml`, `Accept: application/yaml`) as YAML."""
    kind = _kind(request)
    if kind is None:
        return api.problem_response(400, "format is json or yaml.", code="invalid")
    response = HttpResponse(description(kind), content_type=TYPES[kind])
    patch_vary_headers(response, ["Accept"])
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """GET /api/docs/: Swagger UI, to read and to try."""
    return _page(request, "core/swagger.html")


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    """GET /api/redoc/: the same to read, in three columns."""
    return _page(request, "core/redoc.html")


def _page(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template)
    response["Content-Security-Policy"] = PAGES_POLICY
    return response
