"""Account care: passwords that are changed or reset, e-mail addresses that are confirmed or changed."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import session_of, user_of
from accounts.serializers import (
    EmailChangeInput,
    EmailVerifyInput,
    MailOutput,
    PasswordChangeInput,
    PasswordResetConfirmInput,
    PasswordResetInput,
)
from accounts.services.emails import email_change, email_verify, verification_request
from accounts.services.passwords import password_change, password_reset, password_reset_request
from core.clients import address_of
from core.scopes import NO_APP

TAGS = ["auth"]


class OwnCareView(APIView):
    """For signed-in users, limited by THROTTLE_AUTH in place of the general limits."""

    permission_classes = [IsAuthenticated]
    throttle_scope = "auth"
    scopes = {"POST": NO_APP}


class MailedView(APIView):
    """For who has no session, or one that has expired: whatever token is in the header does not matter."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_scope = "auth"


def _accepted(detail: str) -> Response:
    return Response({"detail": detail}, status=status.HTTP_202_ACCEPTED)


class PasswordChangeView(OwnCareView):
    @extend_schema(
        operation_id="auth_password_change",
        summary="Change the password",
        description=(
            "All other sessions end, and a mail says that it was changed. Wrong passwords count as failed sign-ins: "
            "429 after too many."
        ),
        tags=TAGS,
        request=PasswordChangeInput,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        data = PasswordChangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        password_change(
            user=user_of(request),
            session=session_of(request),
            address=address_of(request._request),
            **data.validated_data,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordResetView(MailedView):
    @extend_schema(
        operation_id="auth_password_reset",
        summary="Ask for a mail that resets the password",
        description=(
            "Answered alike whether somebody has that address or not. The token in the mail is good once, for an hour; "
            "one mailbox gets at most five an hour."
        ),
        tags=TAGS,
        request=PasswordResetInput,
        responses={202: MailOutput},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = PasswordResetInput(data=request.data)
        data.is_valid(raise_exception=True)
        password_reset_request(email=data.validated_data["email"])
        return _accepted("If somebody has this e-mail address, a mail is on its way to it.")


class PasswordResetConfirmView(MailedView):
    @extend_schema(
        operation_id="auth_password_reset_confirm",
        summary="Set a new password with the token of a mail",
        description=(
            "All sessions end; sign in with the new password. 400 `link_invalid` for a token that was used, has "
            "expired, or is none; after a password that is too weak (400, `errors.new_password`) it is still good."
        ),
        tags=TAGS,
        request=PasswordResetConfirmInput,
        responses={204: None},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = PasswordResetConfirmInput(data=request.data)
        data.is_valid(raise_exception=True)
        password_reset(**data.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailVerifyView(MailedView):
    @extend_schema(
        operation_id="auth_email_verify",
        summary="Confirm an e-mail address with the token of a mail",
        description=(
            "Also makes it your address if you asked for a change. 400 `link_invalid` for a token that was used, has "
            "expired, or is none; 409 `email_taken` when somebody else has that address by now."
        ),
        tags=TAGS,
        request=EmailVerifyInput,
        responses={204: None},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = EmailVerifyInput(data=request.data)
        data.is_valid(raise_exception=True)
        email_verify(**data.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailVerifyRequestView(OwnCareView):
    @extend_schema(
        operation_id="auth_email_verify_request",
        summary="Ask for another mail that confirms your e-mail address",
        description=(
            "The first one comes when you register or change the address. 409 `already_verified` when there is "
            "nothing to confirm, 429 after five in an hour."
        ),
        tags=TAGS,
        request=None,
        responses={202: MailOutput},
    )
    def post(self, request: Request) -> Response:
        verification_request(user=user_of(request))
        return _accepted("A mail is on its way to you.")


class EmailChangeView(OwnCareView):
    @extend_schema(
        operation_id="auth_email_change",
        summary="Ask for another e-mail address",
        description=(
            "A mail goes to the new address; once the token in it comes back, the address is yours. Until then "
            "everything goes to the present one, which is told. Given the present one, the change is off."
        ),
        tags=TAGS,
        request=EmailChangeInput,
        responses={202: MailOutput},
    )
    def post(self, request: Request) -> Response:
        data = EmailChangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        address = address_of(request._request)
        if not email_change(user=user_of(request), address=address, **data.validated_data):
            return _accepted("This is your address, and stays it.")
        return _accepted("A mail is on its way to the new address: confirm it there.")
