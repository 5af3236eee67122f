"""How routes are described in OpenAPI. What every route shares is added here, so that no view can forget it: problem
answers, cursor pages, rate limits, ETags, idempotency keys.

A list is declared as `responses={200: ThingOutput(many=True)}` and described as a cursor page. A read that tells its
channel's position adds `parameters=[STREAM_POSITION]`. A view whose reads have no ETag says `has_etag = False`, and one
that refuses with statuses that cannot be known from the rest of it lists them as `problem_statuses`.
"""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly

from core.api import PROBLEM_TYPE
from core.idempotency import HEADER, KEY_PATTERN, REPLAYED, honours_key
from core.oauth import SCOPES
from core.pages import DEFAULT_LIMIT, MAX_LIMIT
from core.scopes import NO_APP, scope_for

STREAM_POSITION = OpenApiParameter(
    "Stream-Position",
    location=OpenApiParameter.HEADER,
    response=[200],
    description="`channel;epoch;offset`, taken before the data: subscribe from there and miss nothing.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": KEY_PATTERN, "minLength": 1, "maxLength": 255},
    location=OpenApiParameter.HEADER,
    description=(
        "Made anew for each thing to create, say a UUID: then the request may be sent again for 24 hours, and creates "
        "once. Another request under the same key is 422 `idempotency_mismatch`; the same one while the first still "
        "runs is 409 `in_flight`."
    ),
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    location=OpenApiParameter.HEADER,
    description="The `ETag` of your last read: 304 without a body when nothing has changed since.",
)
REQUEST_ID = OpenApiParameter(
    "X-Request-ID",
    {"type": "string"},
    location=OpenApiParameter.HEADER,
    description="A name for this request, used in logs when a trusted proxy passes it on. The answer says which it is.",
)
# What each problem means, and the headers that come with it.
PROBLEMS = {
    "400": ("BadRequest", "The input is malformed or not valid; `errors` names the fields."),
    "401": ("Unauthenticated", "Nobody is signed in, or the token is expired (`token_expired`) or not accepted."),
    "403": ("Forbidden", "You may see this, and may not do that with it; of apps also `insufficient_scope`."),
    "404": ("NotFound", "There is no such thing, or you may not see it."),
    "406": ("NotAcceptable", "None of the media types asked for is served here."),
    "409": ("Conflict", "The state of things does not allow this; `code` says why."),
    "410": ("Gone", "It was here, and will not come back."),
    "412": ("PreconditionFailed", "It was changed since you read it: `If-Match` names an older version."),
    "413": ("TooLarge", "More bytes, pixels or items than are taken."),
    "415": ("UnsupportedMediaType", "A body or a file of this kind is not taken."),
    "422": ("UnprocessableContent", "It contradicts what was said before, or nothing can be made of it: see `code`."),
    "423": ("Locked", "Somebody else writes this very part at the moment: try again soon."),
    "429": ("TooManyRequests", "Past a limit: try again after `Retry-After` seconds."),
    "503": ("Unavailable", "Overloaded, or a part is away: try again after `Retry-After` seconds."),
    "507": ("StorageFull", "There is no room for these bytes on the server; what it has is kept."),
}
HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit": {
        "description": 'What is left of each limit, and seconds until more: `"anon";r=7;t=42`. Absent without limits.',
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": 'The limits themselves: `"anon";q=10;w=60`.', "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {
        "description": "How to sign in, or the scope that an app lacks.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "For `If-None-Match` and `If-Match`.", "schema": {"type": "string"}},
    "X-Request-ID": {
        "description": "Names this request in the server's log: quote it when you ask for help.",
        "schema": {"type": "string"},
    },
    "Link": {"description": "The pages beside this one (RFC 8288).", "schema": {"type": "string"}},
    REPLAYED: {
        "description": "This is the answer to the first request with this `Idempotency-Key`; nothing was done again.",
        "schema": {"type": "string", "const": "true"},
    },
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable: act on it, not on the texts.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {
            "type": "string",
            "description": "Of a failure (500 and above): the `X-Request-ID`, by which the log has its cause.",
        },
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The input is not valid: see errors.",
        "code": "invalid",
        "errors": {"score": ["A whole number from 1 to 5."]},
    },
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The access token, of a person or of an app; its class lives in an app, so it is named by its path."""

    target_class = "accounts.authentication.SessionTokenAuthentication"
    name = ["bearer", "oauth2"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        scope = scope_for(auto_schema.view, auto_schema.method)
        own: list[dict[str, list[Any]]] = [{"bearer": []}]
        return own if scope == NO_APP else [*own, {"oauth2": [scope]}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        own = {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "`access` of POST /api/auth/token/ or /api/auth/register/.",
        }
        flow = {
            "authorizationUrl": "/o/authorize/",
            "tokenUrl": "/o/token/",
            "refreshUrl": "/o/token/",
            "scopes": SCOPES,
        }
        of_app = {
            "type": "oauth2",
            "flows": {"authorizationCode": flow},
            "description": "For apps of others: `access_token` of POST /o/token/, with PKCE.",
        }
        return [own, of_app]


class CursorPage:
    """The description of `core.pages.CursorPages`, in the form of one of DRF's paginators."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        url = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": url, "previous": url},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "From `next` or `previous`.",
            },
            {"name": "limit", "in": "query", "schema": limit, "description": "Rows on the page."},
        ]


class Schema(AutoSchema):
    """drf-spectacular's schema with Simmer's common answers."""

    def _get_paginator(self) -> CursorPage:
        return CursorPage()

    def get_override_parameters(self) -> list[Any]:
        parameters = [REQUEST_ID]
        parameters += [IDEMPOTENCY_KEY] if self._is_idempotent() else []
        return [*parameters, IF_NONE_MATCH] if self._may_be_unchanged() else parameters

    def _may_be_unchanged(self) -> bool:
        return self.method == "GET" and getattr(self.view, "has_etag", True) and bool(self.view.get_throttles())

    def _is_idempotent(self) -> bool:
        return honours_key(self.view, self.method)

    def map_parsers(self) -> list[str]:
        """JSON alone, unless a view says more: forms are parsed everywhere, and cannot say null, numbers or lists."""
        return ["application/json"]

    def _get_request_body(self, direction: Literal["request", "response"] = "request") -> Any:
        """Also that of a DELETE, where a view says `has_delete_body`: drf-spectacular leaves it out."""
        if self.method != "DELETE" or not getattr(self.view, "has_delete_body", False):
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name.removesuffix('Output')}Page"

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        responses = super()._get_response_bodies(direction)
        self.registry.register_on_missing(
            ResolvedComponent(  # type: ignore[no-untyped-call]
                name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM_SCHEMA, object="core.api.problem"
            )
        )
        paged = self._is_list_view()
        for status, response in responses.items():
            if status < "300":
                names = self._success_headers(status, paged=paged)
                response.setdefault("headers", {}).update(
                    {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                )
        if self._may_be_unchanged():
            responses["304"] = {"description": "Unchanged since the `ETag` given in `If-None-Match`."}
        for status in self._problem_statuses():
            if status not in responses:
                responses[status] = {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}
        return dict(sorted(responses.items()))

    def _success_headers(self, status: str, *, paged: bool) -> list[str]:
        names = ["X-Request-ID"]
        names += ["RateLimit", "RateLimit-Policy"] if self.view.get_throttles() else []
        if self.method == "GET" and getattr(self.view, "has_etag", True):
            names.append("ETag")
        if self.method == "GET" and paged:
            names.append("Link")
        if status == "201":
            names.append("Location")
        if self._is_idempotent():
            names.append(REPLAYED)
        return names

    def _problem_statuses(self) -> set[str]:
        """The statuses that this operation can answer, from what its view declares."""
        statuses = {"400", "406", "503"}
        permissions = [type(permission) for permission in self.view.get_permissions()]
        writes = self.method not in ("GET", "HEAD", "OPTIONS")
        # Signing in and refreshing are refused with 401 though nobody need be signed in for them.
        if self.view.get_authenticators() or getattr(self.view, "throttle_scope", None) == "auth":
            statuses.add("401")
        if self.view.get_authenticators():
            statuses.add("403")  # for apps without the scope
        if not all(permission is AllowAny for permission in permissions) and (
            writes or any(permission not in (AllowAny, IsAuthenticatedOrReadOnly) for permission in permissions)
        ):
            statuses.add("403")
        statuses |= set(getattr(self.view, "problem_statuses", ()))
        if "{" in self.path:
            statuses.add("404")
        if writes:
            statuses |= {"409", "413"}
        if self._is_idempotent():
            statuses.add("422")
        if self._get_request_body():
            statuses.add("415")
        if any(getattr(parameter, "name", "") == "If-Match" for parameter in self.get_override_parameters()):
            statuses.add("412")
        if self.view.get_throttles():
            statuses.add("429")
        return statuses


def add_shared_components(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: the headers and problem answers that operations refer to."""
    components = result.setdefault("components", {})
    components["headers"] = HEADERS
    responses = {}
    for status, (name, description) in PROBLEMS.items():
        headers = ["X-Request-ID", "RateLimit", "RateLimit-Policy"]
        headers += ["Retry-After"] if status in ("429", "503") else []
        headers += ["WWW-Authenticate"] if status in ("401", "403") else []
        responses[name] = {
            "description": description,
            "headers": {header: {"$ref": f"#/components/headers/{header}"} for header in headers},
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    components["responses"] = responses
    return result
