"""The chunk API: a file in numbered pieces, in any order, each as often as it takes."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from core.body_limits import BodyLimits
from core.errors import Conflict, Invalid, TooLarge
from core.idempotency import idempotent
from media_pipeline.bodies import Body, body_of
from media_pipeline.extents import Checksum, Writing
from media_pipeline.models import UploadSession
from media_pipeline.sealing import upload_seal
from media_pipeline.serializers import ChunkOutput, FinalizedOutput, UploadInput, UploadOutput
from media_pipeline.sessions import (
    CHUNK_SIZE_MAX,
    chunk_count,
    chunk_counts,
    get_upload_for_user,
    require_open,
    upload_abort,
    upload_open,
    upload_shape,
    upload_state,
)

TAGS = ["uploads"]
CHUNK_SHA256 = OpenApiParameter(
    "X-Chunk-SHA256",
    {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
    location=OpenApiParameter.HEADER,
    description="Of this chunk, in hex. With other bytes it is 422 `checksum_mismatch`, and nothing is kept.",
)


class UploadListView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "upload"
    problem_statuses = ("507",)

    @extend_schema(
        operation_id="upload_create",
        summary="Begin an upload in chunks",
        description=(
            "Its length counts against your quota at once (413 `over_quota`); 507 when the server has no room for it. "
            "Then PUT each chunk of `chunk_size` bytes, in any order and several at a time, and finalize. It expires "
            "when nothing was written to it for long, and within an hour while nothing was written at all."
        ),
        tags=TAGS,
        request=UploadInput,
        responses={201: UploadOutput},
        examples=[
            OpenApiExample(
                "a video",
                {"filename": "dinner.mp4", "content_type": "video/mp4", "length": 73_400_320},
                request_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        data = UploadInput(data=request.data)
        data.is_valid(raise_exception=True)
        fields = data.validated_data
        session = upload_open(
            owner=request.user,
            length=fields["length"],
            chunk_size=fields["chunk_size"],
            metadata={"filename": fields["filename"], "filetype": fields["content_type"]},
            content_type=fields["content_type"].partition(";")[0].strip().lower(),
            sha256=fields.get("sha256", "").lower(),
        )
        location = f"/api/uploads/{session.pk}/"
        return Response(upload_shape(session), status=status.HTTP_201_CREATED, headers={"Location": location})


class UploadDetailView(APIView):
    permission_classes = [IsAuthenticated]
    problem_statuses = ("410",)
    has_etag = False

    @extend_schema(
        operation_id="upload_read",
        summary="How far an upload is, and which chunks are missing",
        description="Of a tus upload as well, by the id in its address. 410 when it has expired or was given up.",
        tags=TAGS,
        responses={200: UploadOutput},
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        session = get_upload_for_user(request.user, upload_id)
        return Response(upload_shape(session), headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="upload_delete",
        summary="Give up an upload",
        description="409 `finalized` once it is complete: then there is a media to delete.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request: Request, upload_id: UUID) -> Response:
        upload_abort(session=get_upload_for_user(request.user, upload_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChunkView(APIView):
    body_limits = BodyLimits(upload=CHUNK_SIZE_MAX)
    permission_classes = [IsAuthenticated]
    problem_statuses = ("410", "422", "423", "507")

    def get_throttles(self) -> list[BaseThrottle]:
        """A gigabyte is 256 requests; what is limited is how many uploads are begun, and how large they are."""
        return []

    @extend_schema(
        operation_id="upload_chunk",
        summary="Send one chunk",
        description=(
            "Exactly the bytes of that chunk, raw: `chunk_size` of them, fewer of the last one. When this answers, "
            "they are on disk. The same bytes again are 200 with `duplicate: true`; other bytes 409 `other_bytes`. "
            "423 while another request writes them. Counts against no limit."
        ),
        tags=TAGS,
        parameters=[CHUNK_SHA256, OpenApiParameter("index", OpenApiTypes.INT, OpenApiParameter.PATH)],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: ChunkOutput, 200: ChunkOutput},
    )
    def put(self, request: Request, upload_id: UUID, index: str) -> Response:
        session = get_upload_for_user(request.user, upload_id)
        require_open(session)
        offset, length = _place_of(session, index)
        body, checksum = body_of(request), _checksum(request)
        _require_length(body, length)
        writing = Writing(session, offset, length=length, checksum=checksum)
        try:
            writing.append(body.first.pieces)
            is_new = writing.finish()
        finally:
            writing.close()
        received, missing = chunk_counts(session)
        answer = {"index": int(index), "received": received, "missing": missing}
        if is_new:
            return Response(answer, status=status.HTTP_201_CREATED)
        return Response({**answer, "duplicate": True})


class FinalizeView(APIView):
    permission_classes = [IsAuthenticated]
    problem_statuses = ("410", "423")

    @extend_schema(
        operation_id="upload_finalize",
        summary="End an upload whose chunks have all come",
        description=(
            "The media is good as `image_id` or in `media_ids` at once; `media.ready` or `media.failed` is heard on "
            "`inbox:{your id}`. With gaps it is 409 `incomplete`, and `errors.missing` lists them (`3`, `5-9`). Again, "
            "it is 200 with the same media."
        ),
        tags=TAGS,
        request=None,
        responses={202: FinalizedOutput, 200: FinalizedOutput},
    )
    def post(self, request: Request, upload_id: UUID) -> Response:
        session = get_upload_for_user(request.user, upload_id)
        again = session.state != UploadSession.State.OPEN
        session = upload_seal(session=session)
        return Response(
            {"media_id": session.media_id, "status": upload_state(session)},
            status=status.HTTP_200_OK if again else status.HTTP_202_ACCEPTED,
        )


def _place_of(session: UploadSession, index: str) -> tuple[int, int]:
    """(offset, length) of a chunk. Invalid with the code `bad_index`; Conflict for a tus upload."""
    if session.chunk_size is None or session.length is None:
        raise Conflict("This is a tus upload: it takes its bytes at /api/tus/.", code="tus_upload")
    count = chunk_count(session)
    # As it is printed: 007 would be a second name of one chunk.
    if not (index.isdecimal() and index.isascii() and str(int(index[:20])) == index and int(index) < count):
        detail = f"A chunk's number is 0 to {count - 1}."
        raise Invalid(detail, code="bad_index", errors={"index": [detail]})
    offset = int(index) * session.chunk_size
    return offset, min(session.chunk_size, session.length - offset)


def _require_length(body: Body, length: int) -> None:
    if not body.first.is_last:
        raise TooLarge(f"A chunk has at most {CHUNK_SIZE_MAX} bytes.")
    if body.first.size != length:
        detail = f"This chunk has {length} bytes; {body.first.size} came."
        raise Invalid(detail, code="wrong_length", errors={"body": [detail]})


def _checksum(request: Request) -> Checksum | None:
    declared = request.headers.get("X-Chunk-SHA256")
    if declared is None:
        return None
    try:
        digest = bytes.fromhex(declared)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        detail = "64 hexadecimal digits."
        raise Invalid(f"X-Chunk-SHA256: {detail}", errors={"X-Chunk-SHA256": [detail]})
    return Checksum("sha256", digest)
