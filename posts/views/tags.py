"""Tags: which are used these days, and what is posted under one."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import Invalid
from core.etags import conditional
from core.pages import CursorPages
from core.prepared import Parameter, PreparedPages
from posts.examples import SHOWN
from posts.models import TagTrend
from posts.serializers.posts import PostOutput
from posts.serializers.search import TagOutput
from posts.views.posts import post_page
from recipes.models import Tag
from recipes.tags import TAG_MAX, normal_tag

TREND = OpenApiExample(
    "a tag of these days",
    {"name": "sourdough", "post_count": 12, "score": 640},
    response_only=True,
    status_codes=["200"],
)


def _trends(plan: None, beyond: Mapping[str, Parameter]) -> QuerySet[TagTrend, dict[str, Any]]:
    trends: QuerySet[Any, Any] = TagTrend.objects.all()
    return trends.values("tag_id", "tag__name", "post_count", "score")


TRENDING = PreparedPages[TagTrend, None](_trends, order=("-score", "-tag_id"))
BEGINNING = CursorPages[Tag](order=("-trend_score", "name"))


def _trending_shapes(rows: list[Any]) -> list[Any]:
    return [{"name": row["tag__name"], "post_count": row["post_count"], "score": row["score"]} for row in rows]


def _beginning_shapes(rows: list[Any]) -> list[Any]:
    return [{"name": row["name"], "post_count": row["posts"], "score": row["trend_score"]} for row in rows]


class TagListView(APIView):
    @extend_schema(
        operation_id="tags_list",
        summary="Trending tags",
        description=(
            "Those that were used in the last seven days, computed every ten minutes. With `q` all tags that begin "
            "with it, the trending ones first."
        ),
        tags=["discovery"],
        parameters=[OpenApiParameter("q", {"type": "string", "maxLength": TAG_MAX}, description="in any case")],
        responses={200: TagOutput(many=True)},
        examples=[TREND],
    )
    def get(self, request: Request) -> HttpResponse:
        q = request.query_params.get("q")
        if q is None:
            return conditional(request, TRENDING.respond_to(request, None, {}, _trending_shapes))
        beginning = normal_tag(q)
        if len(beginning) > TAG_MAX:
            raise Invalid("There are no tags that long.", errors={"q": [f"At most {TAG_MAX} characters."]})
        tags = Tag.objects.filter(name__startswith=beginning).annotate(
            trend_score=Coalesce("trend__score", 0), posts=Coalesce("trend__post_count", 0)
        )
        return conditional(
            request, BEGINNING.respond(request, tags.values("name", "trend_score", "posts"), _beginning_shapes)
        )


class TagPostsView(APIView):
    @extend_schema(
        operation_id="tags_posts",
        summary="A tag's posts and recipes, newest first",
        description="The tag in any case, with or without `#` (in an address `%23`). Of an unknown one there are none.",
        tags=["discovery"],
        responses={200: PostOutput(many=True)},
        examples=[SHOWN],
    )
    def get(self, request: Request, tag: str) -> HttpResponse:
        return post_page(request, tag=normal_tag(tag))
