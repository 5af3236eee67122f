"""What every REST answer shares: JSON, problem+json errors.

Errors are RFC 9457 `application/problem+json`: `type`, `title`, `status`, `detail`, `code` and, for input, `errors`
(messages by field).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    UnreadablePostError,
)
from django.urls import is_valid_path
from django.utils.functional import Promise
from django.utils.http import escape_leading_slashes
from rest_framework import exceptions
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from core import errors
from core.body_limits import size_text
from core.constraints import violated
from core.limits import seconds
from core.logs import request_id

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
# The failure may have come after a commit.
FAILED = (
    "Simmer failed on this request, and logged why. What you sent may have been stored: read it before you send it "
    "again. When you report this, name the request_id."
)
STATUS_OF: dict[type[errors.DomainError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedType: 415,
    errors.Unprocessable: 422,
    errors.Locked: 423,
    errors.Throttled: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}
# DRF's default codes in our words.
CODE_OF = {
    "not_authenticated": "unauthenticated",
    "authentication_failed": "unauthenticated",
    "permission_denied": "forbidden",
}


class JSONRenderer(BaseRenderer):
    """orjson; a `bytes` body is taken as JSON already encoded."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        if isinstance(data, bytes):
            return data
        return orjson.dumps(data, default=_encode, option=orjson.OPT_NON_STR_KEYS)


class LinkedDataRenderer(JSONRenderer):
    """JSON-LD, for routes that have it beside JSON."""

    media_type = "application/ld+json"
    format = "jsonld"


def _encode(value: Any) -> Any:
    """What orjson does not know: Decimal, lazy strings and query results."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Promise):
        return str(value)
    return list(value)


def problem(
    status_code: int,
    detail: str,
    *,
    code: str,
    field_errors: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of a problem+json answer. A failure of ours names the request, as the log does."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": detail,
        "code": code,
    }
    if status_code >= 500 and (request := request_id.get()):
        body["request_id"] = request
    if field_errors:
        body["errors"] = field_errors
    return body


def problem_response(
    status_code: int, detail: str, *, code: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A problem+json answer from outside DRF (unknown addresses, the handler itself)."""
    return HttpResponse(
        orjson.dumps(problem(status_code, detail, code=code)),
        status=status_code,
        content_type=PROBLEM_TYPE,
        headers=dict(headers or {}),
    )


@dataclass(slots=True)
class _Problem:
    status: int
    code: str
    detail: str
    errors: Mapping[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


# Errors that come before the throttles have counted the request.
_REFUSED_EARLY = (
    *(exceptions.NotAuthenticated, exceptions.PermissionDenied),
    *(exceptions.ParseError, exceptions.UnsupportedMediaType, errors.TooLarge, RequestDataTooBig, SuspiciousOperation),
)


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error of a view becomes problem+json; None (a bug) goes on to handler500."""
    error = _counted(error, context)
    found = _of_domain(error) or _of_drf(error) or _of_django(error) or _of_database(error)
    if found is None:
        return None
    response = Response(
        problem(found.status, found.detail, code=found.code, field_errors=found.errors),
        status=found.status,
        headers=found.headers,
        content_type=PROBLEM_TYPE,
    )
    response["Cache-Control"] = "no-store"
    return response


def _counted(error: Exception, context: Mapping[str, Any]) -> Exception:
    """Count what was refused before the throttles had counted it, or it would be free of any limit.

    DRF asks permissions before throttles, and a throttle may have to read a body that no parser accepts. A token that
    is not accepted does not count: behind one address, the tokens of many users may expire at once.
    """
    view, request = context.get("view"), context.get("request")
    refused = isinstance(error, _REFUSED_EARLY)
    if refused and view is not None and request is not None and "RateLimit" not in view.headers:
        for throttle in view.get_throttles():
            if not throttle.allow_request(request, view):
                return exceptions.Throttled(throttle.wait())
    return error


def _of_domain(error: Exception) -> _Problem | None:
    if not isinstance(error, errors.DomainError):
        return None
    status = next(status for cls, status in STATUS_OF.items() if isinstance(error, cls))
    found = _Problem(status, error.code, error.detail)
    if isinstance(error, errors.Invalid | errors.Conflict):
        found.errors = error.errors
    elif isinstance(error, errors.Unauthenticated):
        # RFC 6750, 3: `error` when a token came and is not accepted, none when there was no token.
        refused = ', error="invalid_token"' if error.code in ("token_expired", "token_invalid") else ""
        found.headers["WWW-Authenticate"] = f'Bearer realm="api"{refused}'
    elif isinstance(error, errors.InsufficientScope):  # RFC 6750, 3.1
        scope = f', scope="{error.scope}"' if error.scope else ""
        found.headers["WWW-Authenticate"] = f'Bearer realm="api", error="insufficient_scope"{scope}'
    elif isinstance(error, errors.Throttled):
        found.headers["Retry-After"] = str(error.wait)
    elif isinstance(error, errors.Unavailable):
        found.headers["Retry-After"] = "1"
    return found


def _of_drf(error: Exception) -> _Problem | None:
    if isinstance(error, exceptions.ValidationError):
        return _Problem(400, "invalid", "The input is not valid: see errors.", _flat(error.detail))
    if not isinstance(error, exceptions.APIException):
        return None
    code = str(getattr(error.detail, "code", error.default_code))
    found = _Problem(error.status_code, CODE_OF.get(code, code), str(error.detail))
    if isinstance(error, exceptions.Throttled):
        wait = seconds(getattr(error, "wait", None) or 1)
        found.detail = f"Too many requests. Retry in {wait} {'second' if wait == 1 else 'seconds'}."
        found.headers["Retry-After"] = str(wait)
    if challenge := getattr(error, "auth_header", None):
        found.headers["WWW-Authenticate"] = challenge
    return found


def _of_django(error: Exception) -> _Problem | None:
    match error:
        case ModelValidationError():
            found = error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
            return _Problem(400, "invalid", "The input is not valid: see errors.", found)
        case Http404():
            return _Problem(404, "not_found", "There is no such thing here.")
        case PermissionDenied():
            return _Problem(403, "forbidden", "You may not do this.")
        case RequestDataTooBig():
            limit = size_text(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            return _Problem(413, "too_large", f"The texts of a form may have at most {limit}: send pictures as files.")
        case UnreadablePostError():
            return _Problem(400, "parse_error", "The body ended before it was complete.")
        case SuspiciousOperation() | BadRequest():  # too many fields or files, a file name that leaves its folder
            log.warning("bad_request error=%s", type(error).__name__)
            return _Problem(400, "bad_request", "The request is malformed.")
    return None


def _of_database(error: Exception) -> _Problem | None:
    match error:
        case IntegrityError():
            broken = violated(error)
            if broken.kind == "not_null":  # no input of a client's: a service forgot a value
                return None
            log.warning("constraint_violated constraint=%s kind=%s", broken.name, broken.kind)
            return _Problem(*((400, "invalid") if broken.kind == "check" else (409, "conflict")), broken.message)
        case DataError():
            log.warning("value_refused", exc_info=error)
            return _Problem(400, "invalid", "A value is larger or longer than can be stored.")
        case OperationalError() if "no such " in str(error):  # SQLite's word for a missing table or column: a bug
            return None
        case OperationalError() | InterfaceError():
            # The connection is broken or the database is away; the next request opens a new one.
            log.error("database_unavailable", exc_info=error)
            away = (
                "The database cannot be reached right now. What you sent may have been stored: read it before you send "
                "it again, or send it again with the same Idempotency-Key."
            )
            return _Problem(503, "unavailable", away, headers={"Retry-After": "1"})
    return None


def _flat(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """DRF's nested error detail as {"ingredients.2.raw": ["..."]}."""
    if isinstance(detail, dict):
        items = [(f"{prefix}.{key}" if prefix else str(key), value) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(value, dict | list) for value in detail):
        items = [(f"{prefix}.{index}" if prefix else str(index), value) for index, value in enumerate(detail) if value]
    else:
        messages = detail if isinstance(detail, list) else [detail]
        return {prefix or "non_field_errors": [str(message) for message in messages]}
    flat: dict[str, list[str]] = {}
    for key, value in items:
        flat.update(_flat(value, key))
    return flat


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: addresses that no route knows. One that lacks only its last slash is told so by 308, which keeps
    the method and the body (APPEND_SLASH would turn a POST into a GET)."""
    if not request.path_info.endswith("/") and is_valid_path(f"{request.path_info}/"):
        target = escape_leading_slashes(request.get_full_path(force_append_slash=True))
        return HttpResponsePermanentRedirect(target, preserve_request=True)
    return problem_response(404, "There is no such address.", code="not_found")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: a host or a header that Django refuses before any view."""
    return problem_response(400, "The request is malformed or its Host is not served here.", code="bad_request")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403, and CSRF_FAILURE_VIEW."""
    return problem_response(403, "You may not do this.", code="forbidden")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a bug of ours. The log has the traceback, with the same request id."""
    return problem_response(500, FAILED, code="internal")
