"""One's notifications."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.etags import conditional
from core.schema import STREAM_POSITION
from posts.notifications.examples import ALL_UP_TO, LEFT, LIKED, SOME
from posts.notifications.reads import PAGES, notification_shapes, unread_count
from posts.serializers.notifications import NotificationOutput, ReadInput, UnreadOutput
from posts.services.notifications import notifications_read
from realtime.positions import stream_position

TAGS = ["notifications"]


class NotificationListView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="notifications_list",
        summary="Your notifications",
        description=(
            "Newest first, by the newest of their actors. While one is unread, others who do the same join it. "
            "`Stream-Position` is that of the channel `inbox:{id}`."
        ),
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: NotificationOutput(many=True)},
        examples=[LIKED],
    )
    def get(self, request: Request) -> HttpResponse:
        user = user_of(request)
        position = stream_position(f"inbox:{user.pk}")
        page = PAGES.respond_to(
            request, None, {"viewer": user.pk}, notification_shapes, headers={"Stream-Position": position}
        )
        return conditional(request, page)


class UnreadCountView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="notifications_unread_count",
        summary="How many of your notifications are unread",
        tags=TAGS,
        responses={200: UnreadOutput},
        examples=[LEFT],
    )
    def get(self, request: Request) -> HttpResponse:
        return conditional(request, Response({"count": unread_count(user_of(request).pk)}))


class ReadView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="notifications_read",
        summary="Mark notifications as read",
        description=(
            "Either `ids`, or `up_to`: that one and all that stand after it in the list. Ids that are not yours are "
            "passed over. Answers with how many are unread now; heard as `notification.read` on your inbox."
        ),
        tags=TAGS,
        request=ReadInput,
        responses={200: UnreadOutput},
        examples=[SOME, ALL_UP_TO, LEFT],
    )
    def post(self, request: Request) -> Response:
        data = ReadInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response({"count": notifications_read(user=user_of(request), **data.validated_data)})
