"""Views that behave, and views that do not, for the tests of what carries them."""

import contextvars
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, OperationalError, connection
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
    UnreadablePostError,
)
from django.template.response import SimpleTemplateResponse
from django.urls import get_script_prefix, get_urlconf, path, reverse, set_urlconf
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import errors
from core.body_limits import BodyLimits

left_behind: contextvars.ContextVar[str] = contextvars.ContextVar("left_behind", default="")
# What a test sets to hold views up, and what the views tell it.
gate = threading.Event()
notes: list[str] = []


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    body = request.read()
    response = JsonResponse(
        {
            "method": request.method,
            "path": request.path,
            "path_info": request.path_info,
            "query": request.GET.dict(),
            "header": request.headers.get("X-Test"),
            "cookie": request.COOKIES.get("c"),
            "address": request.META["REMOTE_ADDR"],
            "size": len(body),
            "sum": sum(body),
            "reversed": reverse("echo"),
            "thread": threading.current_thread().name,
        }
    )
    response.set_cookie("first", "1")
    response.set_cookie("second", "2")
    return response


echo.body_limits = BodyLimits(upload=8 * 1024 * 1024)  # type: ignore[attr-defined]


def trace(request: HttpRequest) -> HttpResponse:
    """What an earlier request left on this thread; then leaves something itself."""
    seen = {"variable": left_behind.get(), "urlconf": get_urlconf() or "", "prefix": get_script_prefix()}
    left_behind.set("dirt")
    set_urlconf("tests.nowhere")
    return JsonResponse({**seen, "thread": threading.current_thread().name})


@csrf_exempt
def wait(request: HttpRequest) -> HttpResponse:
    notes.append("entered")
    gate.wait(20)
    notes.append("left")
    return HttpResponse(b"done")


def session(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return JsonResponse({"pid": pid})


def fail(request: HttpRequest) -> HttpResponse:
    match request.GET["how"]:
        case "bug":
            raise RuntimeError("a bug in a view")
        case "exit":
            raise SystemExit(3)
        case "stop":
            raise StopIteration
        case "missing":
            raise Http404
        case "forbidden":
            raise PermissionDenied
        case "suspicious":
            raise SuspiciousOperation
        case "header":
            return HttpResponse(headers={"X-Test": "a\nb"})
        case "rendering":
            return SimpleTemplateResponse("no/such/template.html")
        case "nothing":
            return None  # type: ignore[return-value]
    raise AssertionError


def _numbers() -> Iterator[bytes]:
    try:
        for number in range(1000):
            notes.append(f"made {number}")
            yield b"%d\n" % number
    finally:
        notes.append("closed")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_numbers())


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    after = int(request.GET["after"])

    def blocks() -> Iterator[bytes]:
        for number in range(after):
            yield b"%d\n" % number
        raise RuntimeError("a bug in a stream")

    return StreamingHttpResponse(blocks())


def async_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def blocks() -> Any:
        yield b"never"

    return StreamingHttpResponse(blocks())


async def async_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"thread": threading.current_thread().name})


class NotedFile(io.BytesIO):
    def close(self) -> None:
        notes.append("file closed")
        super().close()


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(NotedFile(bytes(range(256)) * 1000), filename="bytes.bin")


class Refusing(APIView):
    """Raises what the path says; echoes input otherwise."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, how: str) -> Response:
        raise {
            "operational": OperationalError("the database is away"),
            "data": DataError("integer out of range"),
            "integrity": IntegrityError("UNIQUE constraint failed: unknown.thing"),
            "missing": Http404(),
            "forbidden": PermissionDenied(),
            "suspicious": SuspiciousOperation(),
            "invalid": errors.Invalid("No.", errors={"score": ["Too high."]}),
            "conflict": errors.Conflict("Taken.", code="taken"),
            "throttled": errors.Throttled("Later.", wait=7),
            "unavailable": errors.Unavailable("Later."),
            "unauthenticated": errors.Unauthenticated("Who?"),
            "model": ModelValidationError({"name": ["Too long."]}),
            "rule": ModelValidationError("Never."),
            "nested": exceptions.ValidationError({"steps": [{}, {"text": ["Empty."]}], "tags": ["Too many."]}),
            "plain": exceptions.ValidationError("Never."),
            "too-big": RequestDataTooBig(),
            "cut-off": UnreadablePostError(),
        }[how]

    def post(self, request: Request, how: str) -> Response:
        texts = {name: value for name, value in request.data.items() if name not in request.FILES}
        return Response({"data": texts, "files": [file.name for file in request.FILES.values()]})


class Values(APIView):
    """Everything that a shape may hold."""

    authentication_classes = ()

    def get(self, request: Request) -> Response:
        match request.query_params.get("as"):
            case "nothing":
                return Response(None)
            case "bytes":
                return Response(b'{"made": "by the database"}')
        return Response(
            {
                "decimal": Decimal("1.50"),
                "lazy": gettext_lazy("yes"),
                "rows": QueryDict("a=1").keys(),
                "time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                "uuid": UUID(int=1),
                7: None,
            }
        )


class Session(APIView):
    """The database session of an API view."""

    authentication_classes = ()

    def get(self, request: Request) -> Response:
        return Response(session(request._request).content)


urlpatterns = [
    path("api/values/", Values.as_view()),
    path("api/session/", Session.as_view()),
    path("echo/", echo, name="echo"),
    path("trace/", trace),
    path("wait/", wait),
    path("session/", session),
    path("fail/", fail),
    path("stream/", stream),
    path("broken-stream/", broken_stream),
    path("async-stream/", async_stream),
    path("async-view/", async_view),
    path("file/", file),
    path("api/refusing/<str:how>/", Refusing.as_view()),
]

handler400 = "core.api.bad_request"
handler403 = "core.api.forbidden"
handler404 = "core.api.not_found"
handler500 = "core.api.server_error"
