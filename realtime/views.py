"""The opening of an event stream, over REST: who asks, for which channels, and what speaks against it. And AsyncAPI."""

import hashlib
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import etag, require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from core.api import JSONRenderer
from core.errors import Forbidden, InsufficientScope, Invalid, NotFound, Unauthenticated
from realtime.asyncapi import description
from realtime.channels import Identity, ScopeMissing, TokenExpired, TokenInvalid, namespace_of, verify_token
from realtime.sse import REQUEST, StreamRequest

MEDIA_TYPE = "text/event-stream"


class ConnectToken(BaseAuthentication):
    """`Authorization: Bearer` with what a socket would connect with; `request.auth` is the Identity."""

    def authenticate(self, request: Request) -> tuple[Any, Identity] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            identity = verify_token(token.strip())
        except TokenExpired as error:
            raise Unauthenticated("The token has expired.", code="token_expired") from error
        except TokenInvalid as error:
            detail = "The token is not valid, or its session has ended."
            raise Unauthenticated(detail, code="token_invalid") from error
        except ScopeMissing as error:
            raise InsufficientScope(*error.args) from error
        return identity.user, identity

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class EventStreamRenderer(JSONRenderer):
    """Lets clients ask for a stream. What this renders is a refusal."""

    media_type = MEDIA_TYPE
    format = "event-stream"


class EventStreamView(APIView):
    """Grants a stream, as 200 with its headers and no body; `realtime.sse` sends the events."""

    authentication_classes = [ConnectToken]
    permission_classes = [AllowAny]
    renderer_classes = [EventStreamRenderer]
    # Like sockets: limited by how many are open.
    throttle_classes = []
    # For the description: what else it may answer, and that a stream has no ETag.
    problem_statuses = ("401", "403", "404", "429")
    has_etag = False

    @extend_schema(
        operation_id="events_stream",
        summary="Follow channels as Server-Sent Events",
        description=(
            "An endless `text/event-stream`: `data` is `{channel, offset, data}` with the event data of the sockets "
            "(see `/api/asyncapi/`), `id` encodes where you are on all channels. Come back with `Last-Event-ID`, which "
            "`EventSource` does by itself, and what you missed is sent first; an event `reset` names a channel whose "
            "missed events are gone: read the resource again. `unsubscribed` says that you may no longer read a "
            "channel, `end` why the stream ends (`code` as of the socket). Without a token: public channels. A "
            "browser's `EventSource` sends no header; clients that can send one read all that they may. HEAD tells "
            "whether the stream would be granted."
        ),
        tags=["realtime"],
        auth=[{"bearer": []}, {}],  # type: ignore[list-item]
        parameters=[
            OpenApiParameter(
                "channel",
                {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "string", "maxLength": 64}},
                required=True,
                explode=True,
                description="`recipes`, `recipe:42`, `post:7`, `user:3`, `inbox:3`, `feed:3`; once for each.",
                examples=[OpenApiExample("Two channels", value=["recipe:42", "post:7"])],
            ),
            OpenApiParameter(
                "Last-Event-ID",
                location=OpenApiParameter.HEADER,
                description="The `id` of the last event that you have seen.",
            ),
            OpenApiParameter(
                "last_event_id",
                description="The same for clients that cannot set the header, which counts if both are there.",
            ),
        ],
        responses={
            (200, MEDIA_TYPE): OpenApiResponse(
                OpenApiTypes.STR,
                "The stream. It lasts until the server stops, the token expires or its session ends, or the last "
                "channel may no longer be read.",
                examples=[
                    OpenApiExample(
                        "A rating",
                        value="id: 1;5d1c07aa;recipe:42=18\n"
                        'data: {"channel":"recipe:42","offset":18,"data":{"type":"rating.created","score":5}}\n\n',
                    )
                ],
            )
        },
    )
    def get(self, request: Request) -> HttpResponse:
        identity = request.auth if isinstance(request.auth, Identity) else None
        channels = tuple(dict.fromkeys(request.query_params.getlist("channel")))
        _check_number(channels)
        for channel in channels:
            _check_right(channel, identity)
        last_event_id = request.META.get("HTTP_LAST_EVENT_ID") or request.query_params.get("last_event_id", "")
        if (scope := getattr(request._request, "scope", None)) is not None:
            kept = replace(identity, user=None) if identity is not None else None
            scope[REQUEST] = StreamRequest(kept, channels, last_event_id)
        response = HttpResponse(content_type=MEDIA_TYPE)
        response["Cache-Control"] = "no-store"
        # nginx and others pass each event on as it comes.
        response["X-Accel-Buffering"] = "no"
        return response


def _check_number(channels: tuple[str, ...]) -> None:
    wrong = ""
    limit = settings.CHANNELS_PER_SOCKET
    if not channels or "" in channels:
        wrong = "Name what to follow: ?channel=recipe:42&channel=post:7."
    elif limit is not None and len(channels) > limit:
        wrong = f"At most {limit} channels a stream."
    if wrong:
        raise Invalid("The input is not valid: see errors.", errors={"channel": [wrong]})


def _check_right(channel: str, identity: Identity | None) -> None:
    """NotFound, as of anything that one may not see; that something is somebody's own is no secret."""
    found = namespace_of(channel)
    if found is None or found[0].internal:
        raise NotFound(f"There is no channel {channel[:64]!r}.", code="unknown_channel")
    namespace, key = found
    user_id = identity.user_id if identity is not None else None
    if user_id in namespace.authorize(key, [user_id]):
        return
    if not namespace.server_side:
        raise NotFound(f"There is no channel {channel!r}.")
    if identity is None:
        raise Unauthenticated(f"Sign in to follow {channel!r}: send the access token as Authorization: Bearer.")
    raise Forbidden(f"{channel!r} is another person's.")


@require_safe
@etag(lambda request: f'"{hashlib.blake2b(description(), digest_size=12).hexdigest()}"')
def asyncapi(request: HttpRequest) -> HttpResponse:
    """GET /api/asyncapi/: channels and events in AsyncAPI 3, as JSON."""
    response = HttpResponse(description(), content_type="application/json")
    response["Cache-Control"] = "no-cache"
    return response
