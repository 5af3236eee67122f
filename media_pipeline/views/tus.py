"""tus 1.0 (https://tus.io/protocols/resumable-upload): a file from its beginning on, resumed where it broke off."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from core import api, errors
from core.body_limits import BodyLimits
from media_pipeline import tus
from media_pipeline.appending import Appending, Creating, expiry_header
from media_pipeline.bodies import Body, body_of
from media_pipeline.extents import CHECKSUM_MISMATCH
from media_pipeline.models import UploadSession
from media_pipeline.sealing import upload_concatenate
from media_pipeline.sessions import (
    get_upload_for_user,
    is_forgotten,
    upload_abort,
    upload_declare_length,
    upload_offset,
    upload_open,
)

TAGS = ["uploads"]
MISMATCH_STATUS = 460


def _header(name: str, description: str) -> OpenApiParameter:
    """None is called required: what is missing has an answer of the protocol's own."""
    return OpenApiParameter(name, OpenApiTypes.STR, location=OpenApiParameter.HEADER, description=description)


RESUMABLE = _header("Tus-Resumable", "1.0.0; required: without it, 412 with `Tus-Version`.")
CHECKSUM = _header("Upload-Checksum", "`sha1` or `sha256`, a space, the hash in base64. 460 when it is another.")
LENGTH = _header("Upload-Length", "Bytes; of the whole file.")


class TusView(APIView):
    """What every answer of the protocol has."""

    body_limits = BodyLimits(upload=settings.UPLOAD_MAX_BODY)
    permission_classes = [IsAuthenticated]

    def get_permissions(self) -> list[BasePermission]:
        """What the server can do is asked before anybody signs in."""
        return [] if self.request.method == "OPTIONS" else super().get_permissions()  # type: ignore[return-value]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        speaks = request.headers.get("Tus-Resumable") == tus.VERSION
        if not speaks and request.method != "OPTIONS" and hasattr(self, str(request.method).lower()):
            raise errors.PreconditionFailed(f"Tus-Resumable: {tus.VERSION} is what is spoken here.", code="tus_version")

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        return _as_mismatch(response) if _is_mismatch(exc) else response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        assert isinstance(response, Response)
        response.headers["Tus-Resumable"] = tus.VERSION
        if response.status_code == status.HTTP_412_PRECONDITION_FAILED:
            response.headers["Tus-Version"] = tus.VERSION
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """What the server can do."""
        headers = {
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
            "Allow": ", ".join(self.allowed_methods),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)


class TusListView(TusView):
    throttle_scope = "upload"
    problem_statuses = ("412", "415", "423", "507")

    @extend_schema(
        operation_id="tus_create",
        summary="Begin a tus upload",
        description=(
            "Creation, also with the first bytes as the body (`application/offset+octet-stream`), with a length that "
            "is declared later, as a part of a whole, or as the whole of parts. For tus-js-client, Uppy, tuspy and the "
            "like; set their chunk size to 64 MB at most. The last answer of an upload has `Upload-Media-Id`."
        ),
        tags=TAGS,
        parameters=[
            RESUMABLE,
            LENGTH,
            _header("Upload-Defer-Length", "1: the length is said by a later PATCH."),
            _header("Upload-Metadata", "`filename` and `filetype`: names and base64 values, separated by commas."),
            _header("Upload-Concat", "`partial`, or `final;` and the addresses of the parts, separated by spaces."),
            CHECKSUM,
        ],
        request=None,
        responses={201: None},
    )
    def post(self, request: Request) -> Response:
        metadata = tus.parse_metadata(request.headers.get("Upload-Metadata", ""))
        content_type = metadata.get("filetype", "").partition(";")[0].strip().lower()
        concat = tus.parse_concat(request.headers.get("Upload-Concat"))
        if concat is not None and concat.part_ids:
            whole = upload_concatenate(
                owner=request.user, part_ids=concat.part_ids, metadata=metadata, content_type=content_type
            )
            return _created(whole, {"Upload-Media-Id": str(whole.media_id)})
        checksum = tus.parse_checksum(request.headers.get("Upload-Checksum"))
        length = tus.parse_length(request.headers.get("Upload-Length"), request.headers.get("Upload-Defer-Length"))
        body = body_of(request) if request.headers.get("Content-Type") == tus.BODY_TYPE else None
        if body is not None:
            _require_fits(body, offset=0, length=length)
        session = upload_open(
            owner=request.user,
            length=length,
            metadata=metadata,
            content_type=content_type,
            is_partial=concat is not None,
        )
        if body is None:
            return _created(session, expiry_header(session))
        return _created(session, _write(body, Creating(session, checksum)))


class TusDetailView(TusView):
    problem_statuses = ("410", "412", "415", "423", "507")

    def get_throttles(self) -> list[BaseThrottle]:
        """The clients never try again after 429; what is limited is how many uploads are begun."""
        return super().get_throttles() if self.request.method == "DELETE" else []

    def head(self, request: Request, tus_id: UUID) -> Response:
        """How far the upload is. Complete ones are told of for a while: the client may have lost the last answer."""
        session = get_upload_for_user(request.user, tus_id)
        if is_forgotten(session):
            raise errors.Gone("This upload has become media.", code="finalized")
        headers = {"Cache-Control": "no-store", **Appending(session, upload_offset(session), None).headers()}
        if session.length is None:
            headers["Upload-Defer-Length"] = "1"
        else:
            headers["Upload-Length"] = str(session.length)
        if session.metadata:
            headers["Upload-Metadata"] = tus.format_metadata(session.metadata)
        if session.is_partial or session.parts:
            headers["Upload-Concat"] = "partial" if session.is_partial else tus.format_concat(session.parts)
        return Response(status=status.HTTP_200_OK, headers=headers)

    @extend_schema(
        operation_id="tus_append",
        summary="Append bytes to a tus upload",
        description=(
            "Raw, at most 64 MB at once. What comes before a connection breaks is kept; HEAD says how much that is. "
            "409 `wrong_offset` when the upload ends elsewhere; 460 when the bytes have another checksum. Counts "
            "against no limit. `POST` with `X-HTTP-Method-Override: PATCH` is the same."
        ),
        tags=TAGS,
        parameters=[
            RESUMABLE,
            _header("Upload-Offset", "Required. Where the bytes go: the end of what is there."),
            LENGTH,
            CHECKSUM,
        ],
        request={tus.BODY_TYPE: OpenApiTypes.BINARY},
        responses={204: None},
    )
    def patch(self, request: Request, tus_id: UUID) -> Response:
        session = get_upload_for_user(request.user, tus_id)
        if session.parts:
            raise errors.Forbidden("A whole takes no bytes: it consists of its parts.", code="final_upload")
        if request.headers.get("Content-Type") != tus.BODY_TYPE:
            raise errors.UnsupportedType(f"The body has to be {tus.BODY_TYPE}.")
        if session.chunk_size is not None:
            raise errors.Conflict("This upload takes numbered chunks.", code="chunk_upload")
        offset = tus.parse_number("Upload-Offset", request.headers.get("Upload-Offset"))
        checksum = tus.parse_checksum(request.headers.get("Upload-Checksum"))
        if (length := request.headers.get("Upload-Length")) is not None:
            upload_declare_length(session=session, length=tus.parse_number("Upload-Length", length))
        body = body_of(request)
        _require_fits(body, offset=offset, length=session.length)
        headers = _write(body, Appending(session, offset, checksum))
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)

    @extend_schema(
        operation_id="tus_delete",
        summary="Give up a tus upload",
        tags=TAGS,
        parameters=[RESUMABLE],
        responses={204: None},
    )
    def delete(self, request: Request, tus_id: UUID) -> Response:
        upload_abort(session=get_upload_for_user(request.user, tus_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _require_fits(body: Body, *, offset: int, length: int | None) -> None:
    """TooLarge for a body with more bytes than an upload of `length` lacks."""
    if length is not None and body.declared is not None and offset + body.declared > length:
        raise errors.TooLarge("These are more bytes than the upload was declared to have.")


def _write(body: Body, appending: Appending) -> dict[str, str]:
    """Writes the first block of the body, and leaves a longer one's rest to `bodies`."""
    body.writer, body.problem = appending, _problem
    headers = appending.take(body.first)
    if body.is_abandoned:
        appending.close()
    return headers


def _problem(error: errors.DomainError) -> Response:
    """What `handle_exception` answers, for a body of several blocks."""
    response = api.problem_handler(error, {})
    assert response is not None
    return _as_mismatch(response) if _is_mismatch(error) else response


def _is_mismatch(error: Exception) -> bool:
    return isinstance(error, errors.Unprocessable) and error.code == CHECKSUM_MISMATCH


def _as_mismatch(response: Response) -> Response:
    """The protocol has a status of its own for a wrong checksum."""
    response.status_code = MISMATCH_STATUS
    response.data |= {"status": MISMATCH_STATUS, "title": "Checksum Mismatch"}
    return response


def _created(session: UploadSession, headers: dict[str, str]) -> Response:
    location = {"Location": f"/api/tus/{session.pk}/"}
    return Response(status=status.HTTP_201_CREATED, headers={**location, **headers})
