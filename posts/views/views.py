"""The route by which clients tell what was seen."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from posts.comment_examples import COUNTED, SEEN
from posts.serializers.reactions import ViewsInput, ViewsOutput
from posts.services.views import views_record


class ViewsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="views_record",
        summary="Tell which posts you saw",
        description=(
            "In batches of up to 100. Each counts once for each person and day (UTC); your own, and what you may not "
            "see, do not count. Of a repost, it is the post that it shows."
        ),
        tags=["reactions"],
        request=ViewsInput,
        responses={200: ViewsOutput},
        examples=[SEEN, COUNTED],
    )
    def post(self, request: Request) -> Response:
        data = ViewsInput(data=request.data)
        data.is_valid(raise_exception=True)
        counted = views_record(user=user_of(request), post_ids=data.validated_data["post_ids"])
        return Response({"counted": counted})
