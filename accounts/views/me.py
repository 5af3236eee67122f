"""One's own profile, pictures and sessions."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import session_of, user_of
from accounts.models import Session, User
from accounts.serializers import (
    CloseAccountInput,
    CoverForm,
    CoverInput,
    OwnUserOutput,
    PictureForm,
    PictureInput,
    PreferencesInput,
    PreferencesOutput,
    ProfileInput,
    SessionOutput,
)
from accounts.services.passwords import account_close
from accounts.services.preferences import preferences_update
from accounts.services.profiles import Which, picture_remove, picture_set, profile_update
from accounts.services.sessions import sessions_revoke
from accounts.shapes import own_user
from core.clients import address_of
from core.etags import conditional, expected_versions
from core.pages import CursorPages
from core.scopes import NO_APP
from media_pipeline.serializers import WITH_PICTURES, ImageOutput
from media_pipeline.shapes import image_shape

TAGS = ["me"]
IF_MATCH = OpenApiParameter(
    "If-Match", location=OpenApiParameter.HEADER, description="the ETag of your last read: 412 when edited since"
)


def _own(request: Request) -> HttpResponse:
    """As it is now: the request's copy was loaded before any change, and without the cover."""
    user = User.objects.select_related("profile__picture", "profile__cover").get(pk=user_of(request).pk)
    return conditional(request, Response(own_user(user)), version=user.profile.version)


class OwnView(APIView):
    permission_classes = [IsAuthenticated]


class MeView(OwnView):
    scopes = {"DELETE": NO_APP}
    has_delete_body = True

    @property
    def throttle_scope(self) -> str | None:
        """Closing the account takes a password, so tries count as those of signing in do."""
        return "auth" if self.request.method == "DELETE" else None

    @extend_schema(operation_id="me_read", summary="Your profile", tags=TAGS, responses={200: OwnUserOutput})
    def get(self, request: Request) -> HttpResponse:
        return _own(request)

    @extend_schema(
        operation_id="me_update",
        summary="Change your profile",
        description="Fields that are absent stay as they are. Role, e-mail and staff fields are refused (400).",
        tags=TAGS,
        parameters=[IF_MATCH],
        request=ProfileInput,
        responses={200: OwnUserOutput},
    )
    def patch(self, request: Request) -> HttpResponse:
        data = ProfileInput(data=request.data)
        data.is_valid(raise_exception=True)
        profile_update(user=user_of(request), changes=data.validated_data, expected=expected_versions(request))
        return _own(request)

    @extend_schema(
        operation_id="me_delete",
        summary="Close your account",
        description=(
            "You and what you published become invisible, and all your sessions end at once. The body holds your "
            "password; wrong ones (400 `wrong_password`) count as failed sign-ins: 429 after too many."
        ),
        tags=TAGS,
        request=CloseAccountInput,
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        data = CloseAccountInput(data=request.data)
        data.is_valid(raise_exception=True)
        account_close(user=user_of(request), address=address_of(request._request), **data.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PreferencesView(OwnView):
    @extend_schema(
        operation_id="me_preferences", summary="Which mails you get", tags=TAGS, responses={200: PreferencesOutput}
    )
    def get(self, request: Request) -> HttpResponse:
        return conditional(request, Response(preferences_update(user=user_of(request), changes={})))

    @extend_schema(
        operation_id="me_preferences_update",
        summary="Change which mails you get",
        description="Fields that are absent stay as they are.",
        tags=TAGS,
        request=PreferencesInput,
        responses={200: PreferencesOutput},
    )
    def patch(self, request: Request) -> HttpResponse:
        data = PreferencesInput(data=request.data)
        data.is_valid(raise_exception=True)
        changed = preferences_update(user=user_of(request), changes=data.validated_data)
        return conditional(request, Response(changed))


class OwnImageView(OwnView):
    """PUT and DELETE of one of the two images of a profile."""

    which: Which
    input_class: type[PictureInput] | type[CoverInput]
    body_limits = WITH_PICTURES

    @property
    def throttle_scope(self) -> str | None:
        """A picture counts as an upload, taking one away does not."""
        return "upload" if self.request.method == "PUT" else None

    def _put(self, request: Request) -> Response:
        data = self.input_class(data=request.data)
        data.is_valid(raise_exception=True)
        user = user_of(request)
        picture_set(user=user, which=self.which, data=data.validated_data[self.which], field=self.which)
        return Response(image_shape(getattr(user.profile, self.which)))

    def _delete(self, request: Request) -> Response:
        picture_remove(user=user_of(request), which=self.which)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PictureView(OwnImageView):
    which = "picture"
    input_class = PictureInput

    @extend_schema(
        operation_id="me_picture_set",
        summary="Set your picture",
        description="Answers at once with a pending image; `media.ready` on your inbox says when it can be shown.",
        tags=TAGS,
        request={"application/json": PictureInput, "multipart/form-data": PictureForm},
        responses={200: ImageOutput},
    )
    def put(self, request: Request) -> Response:
        return self._put(request)

    @extend_schema(operation_id="me_picture_remove", summary="Remove your picture", tags=TAGS, responses={204: None})
    def delete(self, request: Request) -> Response:
        return self._delete(request)


class CoverView(OwnImageView):
    which = "cover"
    input_class = CoverInput

    @extend_schema(
        operation_id="me_cover_set",
        summary="Set your cover",
        description="Answers at once with a pending image; `media.ready` on your inbox says when it can be shown.",
        tags=TAGS,
        request={"application/json": CoverInput, "multipart/form-data": CoverForm},
        responses={200: ImageOutput},
    )
    def put(self, request: Request) -> Response:
        return self._put(request)

    @extend_schema(operation_id="me_cover_remove", summary="Remove your cover", tags=TAGS, responses={204: None})
    def delete(self, request: Request) -> Response:
        return self._delete(request)


class SessionsView(OwnView):
    pages = CursorPages[Session](order=("-created_at", "-id"))
    scopes = {"GET": NO_APP, "DELETE": NO_APP}

    @extend_schema(
        operation_id="me_sessions",
        summary="Where you are signed in",
        description="Apps that act for you too (`app`), each with what it may do.",
        tags=TAGS,
        responses={200: SessionOutput(many=True)},
    )
    def get(self, request: Request) -> HttpResponse:
        def shape(sessions: list[Session]) -> list[dict[str, Any]]:
            return [
                {
                    "id": str(session.pk),
                    "user_agent": session.user_agent,
                    "created_at": session.created_at,
                    "refreshed_at": session.refreshed_at,
                    "expires_at": session.expires_at,
                    "is_current": session.pk == session_of(request).pk,
                    "app": session.application and session.application.name,
                    "scopes": session.scopes(),
                }
                for session in sessions
            ]

        own = Session.objects.live().filter(user=user_of(request)).select_related("application")
        return self.pages.respond(request, own, shape)

    @extend_schema(
        operation_id="me_sessions_end",
        summary="Sign out everywhere else",
        description="What you allow apps ends as well.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        sessions_revoke(user=user_of(request), keep=session_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
