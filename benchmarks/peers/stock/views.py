import os
from typing import Any, ClassVar

from django.core.files.storage import FileSystemStorage
from django.db.models import Avg, Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework import pagination, parsers, permissions, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers.stock.models import Follow, Like, Post, Rating, Recipe
from benchmarks.peers.stock.serializers import (
    CommentSerializer,
    PostSerializer,
    RatingSerializer,
    RecipeDetailSerializer,
    RecipeSerializer,
)


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


class PostViewSet(viewsets.ModelViewSet):
    serializer_class = PostSerializer

    def get_queryset(self) -> QuerySet[Post]:
        liked = Like.objects.filter(post=OuterRef("pk"), user=self.request.user.pk)
        posts = Post.objects.select_related("author", "recipe").annotate(is_liked=Exists(liked))
        return posts.order_by("-created_at")

    @action(detail=True, methods=["put"], permission_classes=[permissions.IsAuthenticated])
    def like(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        Like.objects.get_or_create(post=post, user=request.user)
        post.like_count = post.likes.count()
        post.save(update_fields=["like_count", "updated_at"])
        return Response({"post_id": post.pk, "like_count": post.like_count, "is_liked": True})

    @action(detail=True, methods=["post"], permission_classes=[permissions.IsAuthenticated])
    def comments(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        serializer = CommentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save(post=post, author=request.user)
        post.comment_count = post.comments.count()
        post.save(update_fields=["comment_count", "updated_at"])
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class FeedViewSet(PostViewSet):
    """The posts of those whom one follows, found at each read."""

    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self) -> QuerySet[Post]:
        followed = Follow.objects.filter(follower=self.request.user.pk).values("followee")
        return super().get_queryset().filter(author__in=followed)


class UploadView(APIView):
    """A file in a form, kept under a name of its own. Nobody needs to sign in."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []
    parser_classes = [parsers.MultiPartParser]

    def post(self, request: Request) -> Response:
        file = request.data["file"]
        name = FileSystemStorage(os.environ["UPLOAD_FOLDER"]).save(file.name, file)
        return Response({"name": name, "size": file.size}, status=status.HTTP_201_CREATED)


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")
