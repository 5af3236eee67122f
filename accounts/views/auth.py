"""Signing in and out."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import session_of
from accounts.limits import named_session, session_keys
from accounts.models import Session
from accounts.serializers import (
    LogoutInput,
    RefreshInput,
    RegisterForm,
    RegisterInput,
    TicketOutput,
    TokenInput,
    TokenReplyOutput,
)
from accounts.services.registration import user_register
from accounts.services.sessions import (
    TICKET_SECONDS,
    session_of_refresh,
    session_open,
    session_refresh,
    session_revoke,
    sign_in,
    ticket_issue,
)
from accounts.shapes import own_user
from accounts.tokens import issue_tokens
from core.body_limits import BodyLimits
from core.clients import address_of
from core.errors import Unauthenticated
from core.scopes import READ
from media_pipeline.serializers import WITH_PICTURES

TAGS = ["auth"]


def _token_reply(session: Session, **kwargs: Any) -> Response:
    response = Response({**issue_tokens(session), "user": own_user(session.user)}, **kwargs)
    response["Cache-Control"] = "no-store"  # RFC 6749, 5.1
    return response


def _user_agent(request: Request) -> str:
    agent: str = request.META.get("HTTP_USER_AGENT", "")
    return agent.replace("\x00", "")


class AuthView(APIView):
    """Open to all, limited by THROTTLE_AUTH (or a limit of its own) in place of the general limits."""

    permission_classes = [AllowAny]
    throttle_scope = "auth"


class RegisterView(AuthView):
    # Apart from signing in: whoever makes accounts in bulk keeps nobody of the same address from their own.
    throttle_scope = "register"
    body_limits = WITH_PICTURES

    @extend_schema(
        operation_id="auth_register",
        summary="Register, and be signed in",
        tags=TAGS,
        request={"application/json": RegisterInput, "multipart/form-data": RegisterForm},
        responses={201: TokenReplyOutput},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = RegisterInput(data=request.data)
        data.is_valid(raise_exception=True)
        fields: dict[str, Any] = dict(data.validated_data)
        user = user_register(picture=fields.pop("profile_picture", None), **fields)
        session = session_open(user=user, user_agent=_user_agent(request))
        location = reverse("user-detail", kwargs={"username": user.username})
        return _token_reply(session, status=status.HTTP_201_CREATED, headers={"Location": location})


class TokenView(AuthView):
    @extend_schema(
        operation_id="auth_token",
        summary="Sign in with username or e-mail and password",
        description="Unknown person and wrong password are answered alike.",
        tags=TAGS,
        request=TokenInput,
        responses={200: TokenReplyOutput},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = TokenInput(data=request.data)
        data.is_valid(raise_exception=True)
        session = sign_in(
            identifier=data.validated_data.get("username") or data.validated_data["email"],
            password=data.validated_data["password"],
            address=address_of(request._request),
            user_agent=_user_agent(request),
        )
        return _token_reply(session)


class RefreshView(APIView):
    # The limits ask the body for a token, so a refused request costs the reading of one.
    body_limits = BodyLimits(json=settings.FORM_BODY_MAX)
    # The tokens are in the body; an access token that has expired in the header is why the client comes here.
    authentication_classes = []
    permission_classes = [AllowAny]
    problem_statuses = ("401",)

    def throttle_keys(self, request: Request) -> dict[str, str]:
        return session_keys(request, named_session(request, "refresh"))

    @extend_schema(
        operation_id="auth_refresh",
        summary="Exchange a refresh token for new tokens",
        description="Each refresh token works once. One that comes back ends its whole session.",
        tags=TAGS,
        request=RefreshInput,
        responses={200: TokenReplyOutput},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = RefreshInput(data=request.data)
        data.is_valid(raise_exception=True)
        return _token_reply(session_refresh(refresh=data.validated_data["refresh"]))


class LogoutView(APIView):
    body_limits = BodyLimits(json=settings.FORM_BODY_MAX)
    permission_classes = [AllowAny]
    scopes = {"POST": READ}

    def throttle_keys(self, request: Request) -> dict[str, str]:
        return session_keys(request, named_session(request, "refresh"))

    @extend_schema(
        operation_id="auth_logout",
        summary="Sign out",
        description=(
            "Ends the session of the access token in the header, and of the refresh token in the body: either will do. "
            "Its access and refresh tokens are dead at once and its sockets close."
        ),
        tags=TAGS,
        request=LogoutInput,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        data = LogoutInput(data=request.data)
        data.is_valid(raise_exception=True)
        sessions = [request.auth] if isinstance(request.auth, Session) else []
        if "refresh" in data.validated_data:
            sessions.append(session_of_refresh(refresh=data.validated_data["refresh"]))
        if not sessions:
            raise Unauthenticated("Send an access token in the header or a refresh token in the body.")
        for session in sessions:
            session_revoke(session=session)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TicketView(APIView):
    permission_classes = [IsAuthenticated]
    scopes = {"POST": READ}

    @extend_schema(
        operation_id="realtime_ticket",
        summary="A single-use ticket that opens one socket",
        description="For the `token` of the socket's connect command, in place of the access token.",
        tags=["realtime"],
        request=None,
        responses={201: TicketOutput},
    )
    def post(self, request: Request) -> Response:
        return Response(
            {"ticket": ticket_issue(session=session_of(request)), "expires_in": TICKET_SECONDS},
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )
