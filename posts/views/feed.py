"""The home feed, and whom to follow so that there is more in it."""

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Invalid
from core.etags import conditional
from core.pages import page_limit
from posts.feed.examples import RANKED, SUGGESTED
from posts.feed.latest import LatestFeed
from posts.feed.ranked import RankedFeed
from posts.reads import posts_of_ids
from posts.serializers.feed import FeedPostOutput, SuggestionOutput
from posts.suggestions import SUGGESTIONS_MAX, suggestions

ORDERS: dict[str, RankedFeed | LatestFeed] = {"ranked": RankedFeed(), "latest": LatestFeed()}


class FeedView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="feed_list",
        summary="Your home feed",
        description=(
            "Posts of those whom you follow, and your own. `ranked` orders the newest 500 by recency, popularity and "
            "affinity, and each says `why`; its cursors are good for 15 minutes (then 410 `cursor_expired`), during "
            "which new posts shift nothing. `latest` is newest first, without `why`. Who is connected hears of new "
            "posts on `feed:{id}`."
        ),
        tags=["discovery"],
        parameters=[OpenApiParameter("order", enum=list(ORDERS), default="ranked")],
        responses={200: FeedPostOutput(many=True)},
        examples=[RANKED],
    )
    def get(self, request: Request) -> HttpResponse:
        feed = ORDERS.get(request.query_params.get("order", "ranked"))
        if feed is None:
            raise Invalid("There is no such order.", errors={"order": [f"One of {', '.join(ORDERS)}."]})
        page = feed.page(request, lambda ids: posts_of_ids(request.user, ids))
        return conditional(request, page)


class SuggestionsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="me_follow_suggestions",
        summary="Whom you might follow",
        description=(
            "One page, the best first: people whom those follow whom you follow (`followed_by`), then those who write "
            "about what you like (`shared_tags`), then those whom many follow lately (`popular`). `limit` is at most "
            f"{SUGGESTIONS_MAX}."
        ),
        tags=["me"],
        responses={200: SuggestionOutput(many=True)},
        examples=[SUGGESTED],
    )
    def get(self, request: Request) -> HttpResponse:
        found = suggestions(request.user, limit=min(page_limit(request), SUGGESTIONS_MAX))
        return conditional(request, Response({"results": found, "next": None, "previous": None}))
