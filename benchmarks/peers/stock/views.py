from typing import Any

from django.db.models import Avg, Count, QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework import pagination, permissions, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.peers.stock.models import Rating, Recipe
from benchmarks.peers.stock.serializers import RatingSerializer, RecipeDetailSerializer, RecipeSerializer


class RecipeViewSet(viewsets.ModelViewSet):
    serializer_class = RecipeSerializer

    def get_queryset(self) -> QuerySet[Recipe]:
        recipes = Recipe.objects.select_related("seller").order_by("-id")
        return recipes.prefetch_related("ingredients", "steps") if self.action == "retrieve" else recipes

    def get_serializer_class(self) -> Any:
        return RecipeDetailSerializer if self.action == "retrieve" else RecipeSerializer

    @action(detail=True, methods=["post"], permission_classes=[permissions.IsAuthenticated])
    def rate(self, request: Request, pk: str) -> Response:
        recipe = self.get_object()
        serializer = RatingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        rating, created = Rating.objects.update_or_create(
            recipe=recipe, user=request.user, defaults=serializer.validated_data
        )
        stats = recipe.ratings.aggregate(avg=Avg("score"), count=Count("id"))
        recipe.avg_rating, recipe.rating_count = stats["avg"], stats["count"]
        recipe.save(update_fields=["avg_rating", "rating_count", "updated_at"])
        return Response(
            RatingSerializer(rating).data, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK
        )


class RecipeCursorPagination(pagination.CursorPagination):
    ordering = "-id"


class CursorRecipeViewSet(RecipeViewSet):
    """The same with keyset pages: no count."""

    pagination_class = RecipeCursorPagination


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")
