"""The routes of recipes as Simmer has them, and of ratings."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.shapes import short_user
from accounts.views.people import get_user_for_viewer
from core.api import JSONRenderer, LinkedDataRenderer
from core.errors import NotFound
from core.etags import conditional, expected_versions
from core.idempotency import idempotent
from core.pages import CursorPages
from core.schema import STREAM_POSITION
from core.search import QUERY_MAX, Typed, typed
from media_pipeline.views.with_picture import WithPictureView
from realtime.positions import stream_position
from recipes.examples import (
    LINKED,
    LISTED,
    RATED,
    RATING,
    RENAMING,
    REVIEW,
    SHAKSHUKA,
    WHOLE,
)
from recipes.filters import MINUTES_MAX, ORDERS, SERVINGS_MAX, filters_of, order_of, servings_of
from recipes.jsonld import recipe_jsonld
from recipes.linked_data_serializers import LinkedDataOutput
from recipes.models import Rating, Recipe
from recipes.reads import PAGES, recipe_for, recipe_read, recipes_of_ids
from recipes.search import PAGES as FOUND_PAGES
from recipes.search import recipes_found
from recipes.serializers import (
    RatedOutput,
    RatingInput,
    RatingOutput,
    RecipeDetailOutput,
    RecipeForm,
    RecipeInput,
    RecipeOutput,
    recipe_data,
)
from recipes.services import (
    rating_delete,
    recipe_create,
    recipe_delete,
    recipe_rate,
    recipe_update,
    require_author,
    require_may_rate,
    require_seller,
)
from recipes.shapes import rating_rows, rating_shapes, recipe_shapes, scaled_shape

TAGS = ["recipes"]
BODIES = {"application/json": RecipeInput, "multipart/form-data": RecipeForm}
SEARCH = OpenApiParameter(
    "q",
    {"type": "string", "minLength": 1, "maxLength": QUERY_MAX},
    description='words, "a phrase", -without, this or that; of the last word, the beginning is enough',
)
ORDER = OpenApiParameter(
    "order",
    enum=ORDERS,
    default="new",
    description="top: by a Bayesian average, so that few ratings weigh little; a search is by relevance unless said",
)
NARROWING = [
    SEARCH,
    ORDER,
    OpenApiParameter("tag", description="in any case"),
    OpenApiParameter("min_rating", OpenApiTypes.FLOAT, description="1 to 5"),
    OpenApiParameter(
        "max_minutes", {"type": "integer", "minimum": 0, "maximum": MINUTES_MAX}, description="preparing and cooking"
    ),
]
SERVINGS = OpenApiParameter(
    "servings",
    {"type": "integer", "minimum": 1, "maximum": SERVINGS_MAX},
    description="for how many its quantities are to be; as it was written when absent",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="the ETag of your last read: 412 when the recipe was edited since (ratings do not count)",
)


def get_recipe_for_user(user: Any, recipe_id: int) -> Recipe:
    """The recipe, for writing to it. NotFound when there is none that `user` may see."""
    recipe = recipe_for(user, recipe_id)
    if recipe is None:
        raise NotFound("There is no such recipe.")
    return recipe


def recipe_response(request: Request, recipe_id: int, *, servings: int | None = None, **kwargs: Any) -> HttpResponse:
    """The whole recipe as the viewer sees it, scaled to SERVINGS unless None: three queries."""
    recipe = recipe_read(request.user, recipe_id)
    if recipe is None:
        raise NotFound("There is no such recipe.")
    if servings is not None:
        recipe = scaled_shape(recipe, servings)
    version = recipe["version"]
    if isinstance(request.accepted_renderer, LinkedDataRenderer):
        linked = recipe_jsonld(recipe, base=settings.PUBLIC_URL, is_scaled=servings is not None)
        return conditional(
            request, Response(linked, **kwargs), version=version, media_type=LinkedDataRenderer.media_type
        )
    return conditional(request, Response(recipe, **kwargs), version=version)


def recipe_page(request: Request, channel: str, **fixed: Any) -> HttpResponse:
    """A page of recipes: two queries, three for a signed-in viewer, one more for a search."""
    params = request.query_params
    pages = PAGES[order_of(params)]
    filters = {**filters_of(params), **fixed}
    if (q := params.get("q")) is not None:
        words = typed(q)
        position = stream_position(channel)
        return found_page(request, words, filters, order=params.get("order"), headers={"Stream-Position": position})
    if request.user.pk is not None:
        filters["viewer"] = request.user.pk
    position = stream_position(channel)
    page = pages.respond_to(
        request,
        frozenset(filters),
        filters,
        lambda rows: recipe_shapes(rows, request.user),
        headers={"Stream-Position": position},
    )
    return conditional(request, page)


def found_page(
    request: Request,
    words: Typed,
    filters: Mapping[str, Any],
    *,
    order: str | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """A page of the recipes that match, the best first unless an ORDER is asked for: two queries."""

    def shapes(rows: list[Any]) -> list[Any]:
        return recipes_of_ids(request.user, [row["id"] for row in rows])

    found = recipes_found(request.user, words, filters)
    return conditional(request, FOUND_PAGES[order].respond(request, found, shapes, headers=headers))


class RecipeListView(WithPictureView):
    @extend_schema(
        operation_id="recipes_list",
        summary="Recipes",
        description="Without their ingredients and steps. `Stream-Position` is that of the channel `recipes`.",
        tags=TAGS,
        parameters=[
            OpenApiParameter("seller", description="a username in any case, or a user's id"),
            *NARROWING,
            STREAM_POSITION,
        ],
        responses={200: RecipeOutput(many=True)},
        examples=[LISTED],
    )
    def get(self, request: Request) -> HttpResponse:
        return recipe_page(request, "recipes")

    @extend_schema(
        operation_id="recipes_create",
        summary="Publish a recipe",
        description="Sellers only. The picture is resized afterwards: then `media.ready` is heard on your inbox.",
        tags=TAGS,
        request=BODIES,
        responses={201: RecipeDetailOutput},
        examples=[SHAKSHUKA, WHOLE],
    )
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        user = user_of(request)
        require_seller(user)
        data = RecipeInput(data=recipe_data(request.data))
        data.is_valid(raise_exception=True)
        recipe = recipe_create(user=user, content=data.validated_data)
        return recipe_response(
            request,
            recipe.pk,
            status=status.HTTP_201_CREATED,
            headers={"Location": f"/api/recipes/{recipe.pk}/"},
        )


class UserRecipesView(APIView):
    @extend_schema(
        operation_id="users_recipes",
        summary="A person's recipes",
        description="As the list of all recipes; `Stream-Position` is that of the channel `user:{id}`.",
        tags=["users"],
        parameters=[*NARROWING, STREAM_POSITION],
        responses={200: RecipeOutput(many=True)},
        examples=[LISTED],
    )
    def get(self, request: Request, username: str) -> HttpResponse:
        seller = get_user_for_viewer(request.user, username)
        return recipe_page(request, f"user:{seller.pk}", seller=seller.pk)


class RecipeDetailView(WithPictureView):
    renderer_classes = [JSONRenderer, LinkedDataRenderer]

    def get_renderers(self) -> list[BaseRenderer]:
        """JSON-LD to read, JSON for the rest."""
        return super().get_renderers() if self.request.method in SAFE_METHODS else [JSONRenderer()]

    @extend_schema(
        operation_id="recipes_read",
        summary="A recipe",
        description=(
            "`Stream-Position` is that of the channel `recipe:{id}`. With `servings`, the quantities are for so many: "
            "`quantity` and `display` change, what people wrote (`raw`, `note`) does not. A recipe that does not say "
            "for how many it is cannot be scaled: 400 `no_servings`. As schema.org/Recipe with "
            "`Accept: application/ld+json`, where lines that are scaled are written anew."
        ),
        tags=TAGS,
        parameters=[SERVINGS, STREAM_POSITION],
        responses={
            (200, JSONRenderer.media_type): RecipeDetailOutput,
            (200, LinkedDataRenderer.media_type): LinkedDataOutput,
        },
        examples=[WHOLE, LINKED],
    )
    def get(self, request: Request, recipe_id: int) -> HttpResponse:
        servings = servings_of(request.query_params)
        position = stream_position(f"recipe:{recipe_id}")
        return recipe_response(request, recipe_id, servings=servings, headers={"Stream-Position": position})

    @extend_schema(
        operation_id="recipes_update",
        summary="Change one's recipe",
        description="Fields that are absent stay; a list that is given replaces the old one whole.",
        tags=TAGS,
        parameters=[IF_MATCH],
        request=BODIES,
        responses={200: RecipeDetailOutput},
        examples=[RENAMING, WHOLE],
    )
    def patch(self, request: Request, recipe_id: int) -> HttpResponse:
        user = user_of(request)
        recipe = get_recipe_for_user(user, recipe_id)
        require_author(user, recipe)
        data = RecipeInput(data=recipe_data(request.data), partial=True)
        data.is_valid(raise_exception=True)
        recipe_update(user=user, recipe=recipe, changes=data.validated_data, expected=expected_versions(request))
        return recipe_response(request, recipe_id)

    @extend_schema(
        operation_id="recipes_delete",
        summary="Delete a recipe",
        description="Its author or a moderator, with its ratings.",
        tags=TAGS,
        parameters=[IF_MATCH],
        responses={204: None},
    )
    def delete(self, request: Request, recipe_id: int) -> Response:
        user = user_of(request)
        recipe_delete(user=user, recipe=get_recipe_for_user(user, recipe_id), expected=expected_versions(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecipeRateView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="recipes_rate",
        summary="Rate a recipe, or change one's rating",
        description=(
            "Customers only (403 `customers_only`), and not one's own recipe (403 `own_recipe`). 201 the first time, "
            "200 afterwards. Heard as `rating.created` or `rating.updated` on `recipe:{id}`; the same again is not."
        ),
        tags=TAGS,
        request=RatingInput,
        responses={200: RatedOutput, 201: RatedOutput},
        examples=[REVIEW, RATED],
    )
    @idempotent
    def post(self, request: Request, recipe_id: int) -> Response:
        user = user_of(request)
        recipe = get_recipe_for_user(user, recipe_id)
        require_may_rate(user, recipe)
        data = RatingInput(data=request.data)
        data.is_valid(raise_exception=True)
        rating, aggregates, created = recipe_rate(user=user, recipe=recipe, **data.validated_data)
        return Response(
            {
                "id": rating.pk,
                "recipe_id": recipe.pk,
                "user": short_user(user),
                "score": rating.score,
                "review": rating.review,
                "created_at": rating.created_at,
                "updated_at": rating.updated_at,
                "avg_rating": aggregates.avg_rating,
                "rating_count": aggregates.rating_count,
            },
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )

    @extend_schema(
        operation_id="recipes_unrate",
        summary="Take one's rating back",
        description="Nothing happens when there is none.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request: Request, recipe_id: int) -> Response:
        user = user_of(request)
        rating_delete(user=user, recipe=get_recipe_for_user(user, recipe_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecipeRatingsView(APIView):
    pages = CursorPages[Rating]()

    @extend_schema(
        operation_id="recipes_ratings",
        summary="A recipe's ratings, newest first",
        description="`Stream-Position` is that of the channel `recipe:{id}`.",
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: RatingOutput(many=True)},
        examples=[RATING],
    )
    def get(self, request: Request, recipe_id: int) -> HttpResponse:
        position = stream_position(f"recipe:{recipe_id}")
        recipe = get_recipe_for_user(request.user, recipe_id)
        ratings = rating_rows(Rating.objects.visible_to(request.user).filter(recipe=recipe))
        page = self.pages.respond(request, ratings, rating_shapes, headers={"Stream-Position": position})
        return conditional(request, page)
