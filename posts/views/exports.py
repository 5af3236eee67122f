"""One's data export."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.scopes import NO_APP
from posts.models import DataExport
from posts.serializers.exports import ExportOutput
from posts.services.exports import export_of, export_request, export_shape

# It has a signed address.
NOT_KEPT = {"Cache-Control": "no-store"}
_PENDING = {
    "status": "pending",
    "requested_at": "2026-03-01T18:00:00Z",
    **dict.fromkeys(("ready_at", "expires_at", "size", "url")),
}
_READY = {
    "status": "ready",
    "requested_at": "2026-03-01T18:00:00Z",
    "ready_at": "2026-03-01T18:00:04Z",
    "expires_at": "2026-03-08T18:00:04Z",
    "size": 48210,
    "url": "/private/exports/0b5e.../9f31...?type=application%2Fzip&name=simmer-ann-2026-03-01.zip&expires=...",
}
PENDING = OpenApiExample("is being made", _PENDING, response_only=True, status_codes=["200", "202"])
READY = OpenApiExample("ready", _READY, response_only=True, status_codes=["200"])


class ExportView(APIView):
    permission_classes = [IsAuthenticated]
    # All that is known of a person, their e-mail and sessions too, is for themselves.
    scopes = {"GET": NO_APP, "POST": NO_APP}
    has_etag = False

    @property
    def problem_statuses(self) -> tuple[str, ...]:
        return ("404",) if self.request.method == "GET" else ()

    @extend_schema(
        operation_id="me_export_request",
        summary="Ask for all your data",
        description=(
            "A ZIP of JSON files, made in the background: `export.ready` or `export.failed` is heard on your inbox. "
            "While one is being made, asking again is answered with that (202); so it is for 24 hours from when it was "
            "asked for, once it is ready (200). After that, or after a failure, a new one takes its place."
        ),
        tags=["me"],
        request=None,
        responses={200: ExportOutput, 202: ExportOutput},
        examples=[PENDING, READY],
    )
    def post(self, request: Request) -> Response:
        user = user_of(request)
        export = export_request(user=user)
        is_pending = export.status == DataExport.Status.PENDING
        return Response(
            export_shape(export, user),
            status=status.HTTP_202_ACCEPTED if is_pending else status.HTTP_200_OK,
            headers=NOT_KEPT,
        )

    @extend_schema(
        operation_id="me_export",
        summary="How far your export is",
        description=(
            "Once `ready`, `url` is where the ZIP is, as an attachment: each read has a fresh address. The file is "
            "kept for seven days. 404 `no_export` when you have asked for none, or it is gone."
        ),
        tags=["me"],
        responses={200: ExportOutput},
        examples=[PENDING, READY],
    )
    def get(self, request: Request) -> Response:
        return Response(export_of(user=user_of(request)), headers=NOT_KEPT)
