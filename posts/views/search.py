"""Search: recipes, posts or people."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.search import named_like
from accounts.serializers import UserOutput
from accounts.shapes import page_of
from core.errors import Invalid
from core.etags import conditional
from core.pages import CursorPages
from core.search import Typed, typed
from posts.examples import SHOWN
from posts.reads import posts_of_ids
from posts.search import PAGES, posts_found
from posts.serializers.posts import PostOutput
from recipes.examples import LISTED
from recipes.serializers import RecipeOutput
from recipes.views.recipes import SEARCH, found_page

PEOPLE = CursorPages[User]()
FOUND = PolymorphicProxySerializer(
    component_name="Found",
    serializers=[RecipeOutput, PostOutput, UserOutput],
    resource_type_field_name=None,
    many=True,
)


def found_posts_page(
    request: Request, words: Typed, filters: Mapping[str, Any], *, headers: dict[str, str] | None = None
) -> HttpResponse:
    """A page of the posts that match, the best first: two queries."""

    def shapes(rows: list[Any]) -> list[Any]:
        return posts_of_ids(request.user, [row["id"] for row in rows])

    found = posts_found(request.user, words, filters)
    return conditional(request, PAGES.respond(request, found, shapes, headers=headers))


def _people_page(request: Request, words: Typed) -> HttpResponse:
    """As GET /api/users/, which takes names and no syntax; an @ in front of a username is dropped."""
    name = request.query_params["q"].strip().removeprefix("@")
    people = named_like(User.objects.listed_for(request.user), name).with_page(request.user)
    return conditional(request, PEOPLE.respond(request, people, lambda rows: [page_of(row) for row in rows]))


# How each kind is searched, by the name of its `type`.
KINDS: dict[str, Callable[[Request, Typed], HttpResponse]] = {
    "recipes": lambda request, words: found_page(request, words, {}),
    "posts": lambda request, words: found_posts_page(request, words, {}),
    "users": _people_page,
}


class SearchView(APIView):
    @extend_schema(
        operation_id="search",
        summary="Search",
        description=(
            "Recipes by name, tags and description, posts by their text, the best first; of premium ones only what "
            "everyone sees is searched. Words match in their other forms (`tomatoes` finds `tomato`), without regard "
            "to case and accents. Of more than 1,000 matches the newest 1,000 are ranked. People: whose username "
            "begins with `q`, or whose name has words that begin with its words, newest first."
        ),
        tags=["discovery"],
        parameters=[
            OpenApiParameter(SEARCH.name, SEARCH.type, description=SEARCH.description, required=True),
            OpenApiParameter("type", enum=list(KINDS), default="recipes"),
        ],
        responses={200: FOUND},
        examples=[LISTED, SHOWN],
    )
    def get(self, request: Request) -> HttpResponse:
        page = KINDS.get(request.query_params.get("type", "recipes"))
        if page is None:
            raise Invalid("There is no such type.", errors={"type": [f"One of {', '.join(KINDS)}."]})
        return page(request, typed(request.query_params.get("q", "")))
