"""What every REST route shares: JSON, problem+json errors, cursor pages.

Errors are RFC 9457 `application/problem+json`: `type`, `title`, `status`, `detail`, `code` and, for input, `errors`
(messages by field).
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError, OperationalError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from core import errors
from core.constraints import violated_constraint

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
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
    errors.Throttled: 429,
    errors.Unavailable: 503,
}
# DRF's codes that say less than its class does.
CODE_OF: dict[int, str] = {400: "invalid", 401: "unauthenticated", 403: "forbidden", 405: "method_not_allowed"}


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


def _encode(value: Any) -> Any:
    """What orjson does not know: Decimal, lazy strings and query results."""
    if hasattr(value, "__float__"):
        return float(value)
    if isinstance(value, list | tuple | set | frozenset) or hasattr(value, "__iter__") and not isinstance(value, str):
        return list(value)
    return str(value)


class JSONParser(BaseParser):
    """orjson, strict: no NaN, no lone surrogates, no NUL (PostgreSQL cannot store one)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read()
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise exceptions.ParseError(f"The body is not valid JSON: {error}.") from error
        if b"\\u0000" in body:
            _refuse_nul(data)
        if not isinstance(data, dict):
            raise exceptions.ParseError("The body must be a JSON object.")
        return data


def _refuse_nul(data: Any) -> None:
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str) and "\x00" in value:
            raise exceptions.ParseError("The body holds the character NUL, which text cannot contain.")


def problem(
    status_code: int,
    detail: str,
    *,
    code: str,
    field_errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The body of a problem+json answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": detail,
        "code": code,
    }
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


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error of a view becomes problem+json; None (a bug) goes on to handler500."""
    headers: dict[str, str] = {}
    field_errors: Mapping[str, Any] | None = None
    if isinstance(error, errors.DomainError):
        status_code = next(code for cls, code in STATUS_OF.items() if isinstance(error, cls))
        detail, code = error.detail, error.code
        if isinstance(error, errors.Invalid):
            field_errors = error.errors
        if status_code == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="api"'
        if status_code == 503:
            headers["Retry-After"] = "1"
        if isinstance(error, errors.Throttled):
            headers["Retry-After"] = str(error.wait)
    elif isinstance(error, exceptions.ValidationError):
        status_code, code = 400, "invalid"
        field_errors = _flat(error.detail)
        detail = "The input is not valid: see errors."
    elif isinstance(error, exceptions.APIException):
        status_code = error.status_code
        code = CODE_OF.get(status_code, str(getattr(error.detail, "code", error.default_code)))
        detail = str(error.detail)
        if (wait := getattr(error, "wait", None)) is not None:
            headers["Retry-After"] = str(max(1, int(-(-wait // 1))))
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
    elif isinstance(error, ModelValidationError):
        status_code, code, detail = 400, "invalid", "The input is not valid: see errors."
        field_errors = error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
    elif isinstance(error, Http404):
        status_code, code, detail = 404, "not_found", "There is no such thing here."
    elif isinstance(error, PermissionDenied):
        status_code, code, detail = 403, "forbidden", "You may not do this."
    elif isinstance(error, RequestDataTooBig):
        status_code, code, detail = 413, "too_large", "The body is larger than this route takes."
    elif isinstance(error, UnreadablePostError):
        status_code, code, detail = 400, "parse_error", "The body ended before it was complete."
    elif isinstance(error, IntegrityError):
        name, message = violated_constraint(error)
        status_code, code, detail = 409, "conflict", message
        log.warning("constraint_violated constraint=%s", name)
    elif isinstance(error, OperationalError | InterfaceError):
        # The connection is broken or the database is away; the next request opens a new one.
        log.error("database_unavailable error=%s", type(error).__name__)
        status_code, code, detail = 503, "unavailable", "The database cannot be reached right now; try again shortly."
        headers["Retry-After"] = "1"
    else:
        return None
    response = Response(
        problem(status_code, detail, code=code, field_errors=field_errors),
        status=status_code,
        headers=headers,
        content_type=PROBLEM_TYPE,
    )
    response["Cache-Control"] = "no-store"
    return response


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
    """handler404: addresses that no route knows."""
    return problem_response(status.HTTP_404_NOT_FOUND, "There is no such address.", code="not_found")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: a host or a header that Django refuses before any view."""
    return problem_response(400, "The request is malformed or its Host is not served here.", code="bad_request")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem_response(403, "You may not do this.", code="forbidden")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a bug of ours. The log has the traceback under the same path."""
    return problem_response(
        500, "Simmer failed on this request; it was logged and nothing was changed by it.", code="internal"
    )
