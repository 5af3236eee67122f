"""Media of their owner: uploaded, watched while they are worked on, deleted."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import NotFound
from core.etags import conditional
from core.idempotency import idempotent
from media_pipeline.models import Media
from media_pipeline.serializers import WITH_PICTURES, MediaInput, MediaOutput, OriginalOutput
from media_pipeline.services import image_create, media_create, media_delete, media_original
from media_pipeline.shapes import media_shape

TAGS = ["media"]
# In multipart it is a file, for which documentation shows a button.
FILE_FORM = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}


def get_media_for_user(user: Any, media_id: UUID) -> Media:
    """One's own; NotFound for anybody else's."""
    media = Media.objects.visible_to(user).filter(id=media_id).first()
    if media is None:
        raise NotFound("There is no such media of yours.")
    return media


class MediaListView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "upload"
    body_limits = WITH_PICTURES

    @extend_schema(
        operation_id="media_create",
        summary="Upload a picture or a small video",
        description=(
            "JPEG, PNG, WebP, GIF (its first frame) or HEIC, up to 20 MB and 50 megapixels, as a file in multipart or "
            "as base64 in JSON. MP4, QuickTime, WebM or Matroska, up to half an hour and 4K, as a file in multipart; "
            "what is too large for one request is uploaded in chunks. The renditions are made afterwards: "
            "`media.ready` or `media.failed` is heard on `inbox:{your id}`, and for videos `upload.progress`. The id "
            "is good as `image_id` (of a picture) and in `media_ids` at once."
        ),
        tags=TAGS,
        request={"multipart/form-data": FILE_FORM, "application/json": MediaInput},
        responses={202: MediaOutput},
        examples=[
            OpenApiExample(
                "base64",
                {"image": "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="},
                request_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        data = MediaInput(data=request.data)
        data.is_valid(raise_exception=True)
        field = data.field_sent
        create = media_create if field == "file" else image_create
        media = create(owner=request.user, data=data.validated_data[field], field=field)
        return Response(
            media_shape(media), status=status.HTTP_202_ACCEPTED, headers={"Location": f"/api/media/{media.id}/"}
        )


class MediaDetailView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="media_read", summary="How far one's media is", tags=TAGS, responses={200: MediaOutput})
    def get(self, request: Request, media_id: UUID) -> HttpResponse:
        return conditional(request, Response(media_shape(get_media_for_user(request.user, media_id))))

    @extend_schema(
        operation_id="media_delete",
        summary="Delete one's media and its files",
        description="409 with the code `in_use` while a recipe or profile shows it.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request: Request, media_id: UUID) -> Response:
        media_delete(media=get_media_for_user(request.user, media_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MediaOriginalView(APIView):
    permission_classes = [IsAuthenticated]
    has_etag = False
    problem_statuses = ("409",)

    @extend_schema(
        operation_id="media_original",
        summary="An address of one's original",
        description=(
            "The file as it was uploaded, with all that its metadata tell: the address is signed, good for an hour and "
            "for whoever holds it. It takes ranges. 409 `not_ready` until the media is ready or has failed."
        ),
        tags=TAGS,
        responses={200: OriginalOutput},
    )
    def get(self, request: Request, media_id: UUID) -> Response:
        shape = media_original(media=get_media_for_user(request.user, media_id))
        return Response(shape, headers={"Cache-Control": "no-store"})
