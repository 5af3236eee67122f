"""The routes of saved posts."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.etags import conditional
from posts.comment_examples import POST_SAVED, RECIPE_SAVED
from posts.comment_reads import SAVED_POSTS
from posts.examples import SHOWN
from posts.reads import posts_of_ids
from posts.serializers.posts import PostOutput
from posts.serializers.reactions import RecipeSavedOutput, SavedOutput
from posts.services.saves import save_delete, save_set
from posts.views.access import get_announcement_for_user, get_post_for_user

TAGS = ["reactions"]
SAVING = "Nobody is told who saved it. Saving twice changes nothing."


class PostSaveView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="posts_save",
        summary="Save a post for later",
        description=f"{SAVING} Of a repost, it is the post that it shows.",
        tags=TAGS,
        request=None,
        responses={200: SavedOutput},
        examples=[POST_SAVED],
    )
    def put(self, request: Request, post_id: int) -> Response:
        user = user_of(request)
        post = get_post_for_user(user, post_id)
        count = save_set(user=user, post=post)
        return Response({"post_id": post.original_id or post.pk, "is_saved": True, "save_count": count})

    @extend_schema(
        operation_id="posts_unsave",
        summary="Take a post out of the saved ones",
        description="Nothing happens when it is not there.",
        tags=TAGS,
        request=None,
        responses={200: SavedOutput},
        examples=[POST_SAVED],
    )
    def delete(self, request: Request, post_id: int) -> Response:
        user = user_of(request)
        post = get_post_for_user(user, post_id)
        count = save_delete(user=user, post=post)
        return Response({"post_id": post.original_id or post.pk, "is_saved": False, "save_count": count})


class RecipeSaveView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="recipes_save",
        summary="Save a recipe for later",
        description=f"It is the post that announces the recipe which is saved. {SAVING}",
        tags=TAGS,
        request=None,
        responses={200: RecipeSavedOutput},
        examples=[RECIPE_SAVED],
    )
    def put(self, request: Request, recipe_id: int) -> Response:
        user = user_of(request)
        post = get_announcement_for_user(user, recipe_id)
        count = save_set(user=user, post=post)
        return Response({"recipe_id": recipe_id, "post_id": post.pk, "is_saved": True, "save_count": count})

    @extend_schema(
        operation_id="recipes_unsave",
        summary="Take a recipe out of the saved ones",
        description="Nothing happens when it is not there.",
        tags=TAGS,
        request=None,
        responses={200: RecipeSavedOutput},
        examples=[RECIPE_SAVED],
    )
    def delete(self, request: Request, recipe_id: int) -> Response:
        user = user_of(request)
        post = get_announcement_for_user(user, recipe_id)
        count = save_delete(user=user, post=post)
        return Response({"recipe_id": recipe_id, "post_id": post.pk, "is_saved": False, "save_count": count})


class SavedView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="me_saved",
        summary="What you saved, last saved first",
        description="Posts, announced recipes among them: what you may still see and have not muted.",
        tags=["me"],
        responses={200: PostOutput(many=True)},
        examples=[SHOWN],
    )
    def get(self, request: Request) -> HttpResponse:
        user = user_of(request)
        page = SAVED_POSTS.respond_to(
            request, True, {"viewer": user.pk}, lambda rows: posts_of_ids(user, [row["post_id"] for row in rows])
        )
        return conditional(request, page)
