"""What apps call: `/o/token/` and `/o/revoke_token/`, by form as OAuth says, or with the same names in JSON."""

import orjson
from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from oauth2_provider.views.mixins import OAuthLibMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import named_session, session_keys
from accounts.oauth.serializers import (
    OAuthErrorOutput,
    OAuthTokenForm,
    OAuthTokenInput,
    OAuthTokenOutput,
    RevocationForm,
    RevocationInput,
)
from core.body_limits import BodyLimits
from core.throttles import fields_of, scope_keys

TAGS = ["oauth"]
REFUSED = {
    400: OpenApiResponse(
        OAuthErrorOutput, description="`error` is OAuth's (RFC 6749, 5.2); `invalid_grant` says little."
    ),
    401: OpenApiResponse(
        OAuthErrorOutput, description="`invalid_client`: the app is not known, or its secret is wrong."
    ),
}


class OAuthAPIView(OAuthLibMixin, APIView):  # type: ignore[misc]  # it is not typed
    """Errors of OAuth are OAuth's; all others are problems that carry its `error` as well.

    A request with a token of ours is limited by its session, and widely by address, as `/api/auth/token/refresh/` is.
    All others, which may guess codes or secrets, count under THROTTLE_AUTH. Both replace the general limits.
    """

    authentication_classes = []
    permission_classes = [AllowAny]
    # The limits ask the body for a token, so a refused request costs the reading of one.
    body_limits = BodyLimits(json=settings.FORM_BODY_MAX)

    def session_id(self, request: Request) -> str | None:
        """The session whose token this request brings, if its signature is good."""
        raise NotImplementedError

    def throttle_keys(self, request: Request) -> dict[str, str]:
        session_id = self.session_id(request)
        return scope_keys(request, "auth") if session_id is None else session_keys(request, session_id)

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(response.data, dict):
            is_ours = response.status_code in (429, 503)
            error = {
                "error": "temporarily_unavailable" if is_ours else "invalid_request",
                "error_description": response.data.get("detail", ""),
            }
            if response.status_code == 400:  # as oauthlib's own refusals
                return Response(error, status=400, headers={"Cache-Control": "no-store"})
            response.data |= error
        return response

    @staticmethod
    def answer(headers: dict[str, str], body: str, status: int) -> Response:
        response = Response(orjson.loads(body) if body else None, status=status)
        for name, value in headers.items():
            if name != "Content-Type":
                response[name] = value
        response["Cache-Control"] = "no-store"
        return response


class TokenView(OAuthAPIView):
    def session_id(self, request: Request) -> str | None:
        # A refresh token sent beside a code must not raise the limit on guessing codes.
        is_refresh = fields_of(request).get("grant_type") == "refresh_token"
        return named_session(request, "refresh_token") if is_refresh else None

    @extend_schema(
        operation_id="oauth_token",
        summary="Exchange a code, or a refresh token, for an app's tokens",
        description=(
            "`grant_type` is `authorization_code` with `code`, `redirect_uri` and `code_verifier`, or `refresh_token`. "
            "A code or a refresh token works once: one that comes back ends all that came of it."
        ),
        tags=TAGS,
        request={"application/x-www-form-urlencoded": OAuthTokenForm, "application/json": OAuthTokenInput},
        responses={200: OAuthTokenOutput, **REFUSED},
        examples=[
            OpenApiExample(
                "a code",
                {
                    "grant_type": "authorization_code",
                    "client_id": "w2Vb1...",
                    "code": "yQ0cX...",
                    "redirect_uri": "http://127.0.0.1:49152/",
                    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                },
                request_only=True,
            ),
            OpenApiExample(
                "a refresh token",
                {"grant_type": "refresh_token", "client_id": "w2Vb1...", "refresh_token": "eyJhbGciOi..."},
                request_only=True,
            ),
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        _, headers, body, status = self.create_token_response(request)
        return self.answer(headers, body, status)


class RevokeTokenView(OAuthAPIView):
    def session_id(self, request: Request) -> str | None:
        return named_session(request, "token")

    @extend_schema(
        operation_id="oauth_revoke_token",
        summary="End what an app may do",
        description=(
            "`token` is its access or its refresh token: both are dead at once, and its sockets close. 200 also for a "
            "token that is not valid (RFC 7009)."
        ),
        tags=TAGS,
        request={"application/x-www-form-urlencoded": RevocationForm, "application/json": RevocationInput},
        responses={200: None, **REFUSED},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        _, headers, body, status = self.create_revocation_response(request)
        return self.answer(headers, body, status)
