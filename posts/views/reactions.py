"""The routes of likes and dislikes, and of what one likes."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.models import User
from core.errors import Invalid
from core.etags import conditional
from posts.comment_examples import COMMENT, COMMENT_LIKED, POST_LIKED, RECIPE_LIKED
from posts.comment_reads import LIKED_COMMENTS, LIKED_POSTS
from posts.comment_shapes import liked_shapes
from posts.examples import SHOWN
from posts.models import Reaction
from posts.reads import posts_of_ids
from posts.serializers.comments import CommentOutput
from posts.serializers.posts import PostOutput
from posts.serializers.reactions import CommentReactedOutput, PostReactedOutput, RecipeReactedOutput
from posts.services.reactions import Liked, Reacted, liked_comment, liked_post, reaction_delete, reaction_set
from posts.views.access import get_announcement_for_user, get_comment_for_user, get_post_for_user

TAGS = ["reactions"]
LIKING = (
    "Liking twice changes nothing; a like takes the place of a dislike. Heard as `like.created`, and as `like.deleted` "
    "when it is taken back."
)
DISLIKING = (
    "A dislike takes the place of a like (heard as `like.deleted`). Nobody is told of it; the author sees how "
    "many there are."
)
OF_REPOST = "Of a repost, it is the post that it shows."
TYPES = ("posts", "comments")


def reacted_shape(reacted: Reacted, viewer: Any) -> dict[str, Any]:
    is_author = reacted.liked.author_id == viewer.pk
    return {
        "like_count": reacted.counts.like_count,
        "dislike_count": reacted.counts.dislike_count if is_author else None,
        "is_liked": reacted.kind == Reaction.LIKE,
        "is_disliked": reacted.kind == Reaction.DISLIKE,
    }


class _ReactionView(APIView):
    """PUT and DELETE of one kind of reaction to one kind of thing."""

    permission_classes = [IsAuthenticated]
    kind: Reaction

    def put(self, request: Request, **address: int) -> Response:
        return self._answer(reaction_set, request, **address)

    def delete(self, request: Request, **address: int) -> Response:
        return self._answer(reaction_delete, request, **address)

    def _answer(self, service: Callable[..., Reacted], request: Request, **address: int) -> Response:
        user = user_of(request)
        reacted = service(user=user, liked=self.liked(user, **address), kind=self.kind)
        return Response({**self.names(reacted, **address), **reacted_shape(reacted, user)})

    def liked(self, user: User, **address: int) -> Liked:
        """What the address is about. NotFound when USER may not see it."""
        raise NotImplementedError

    def names(self, reacted: Reacted, **address: int) -> dict[str, Any]:
        """The ids in the answer."""
        raise NotImplementedError


class _PostReactionView(_ReactionView):
    def liked(self, user: User, **address: int) -> Liked:
        return liked_post(get_post_for_user(user, address["post_id"]))

    def names(self, reacted: Reacted, **address: int) -> dict[str, Any]:
        return {"post_id": reacted.liked.post_id}


class _CommentReactionView(_ReactionView):
    def liked(self, user: User, **address: int) -> Liked:
        return liked_comment(get_comment_for_user(user, address["comment_id"]))

    def names(self, reacted: Reacted, **address: int) -> dict[str, Any]:
        return {"comment_id": reacted.liked.comment_id}


def _described(
    name: str, output: type[Serializer[Any]], example: OpenApiExample, *, put: tuple[str, str], delete: tuple[str, str]
) -> Any:
    """Class decorator: the description of both methods. PUT is (summary, description), DELETE (id, summary)."""
    shared: dict[str, Any] = {"tags": TAGS, "request": None, "responses": {200: output}, "examples": [example]}
    summary, description = put
    return extend_schema_view(
        put=extend_schema(operation_id=name, summary=summary, description=description, **shared),
        delete=extend_schema(
            operation_id=delete[0], summary=delete[1], description="Nothing happens when there is none.", **shared
        ),
    )


@_described(
    "posts_like",
    PostReactedOutput,
    POST_LIKED,
    put=("Like a post", f"{LIKING} {OF_REPOST}"),
    delete=("posts_unlike", "Take one's like of a post back"),
)
class PostLikeView(_PostReactionView):
    kind = Reaction.LIKE


@_described(
    "posts_dislike",
    PostReactedOutput,
    POST_LIKED,
    put=("Dislike a post", f"{DISLIKING} {OF_REPOST}"),
    delete=("posts_undislike", "Take one's dislike of a post back"),
)
class PostDislikeView(_PostReactionView):
    kind = Reaction.DISLIKE


@_described(
    "recipes_like",
    RecipeReactedOutput,
    RECIPE_LIKED,
    put=("Like a recipe", f"It is a like of the post that announces the recipe. {LIKING}"),
    delete=("recipes_unlike", "Take one's like of a recipe back"),
)
class RecipeLikeView(_ReactionView):
    kind = Reaction.LIKE

    def liked(self, user: User, **address: int) -> Liked:
        return liked_post(get_announcement_for_user(user, address["recipe_id"]))

    def names(self, reacted: Reacted, **address: int) -> dict[str, Any]:
        return {"recipe_id": address["recipe_id"], "post_id": reacted.liked.post_id}


@_described(
    "comments_like",
    CommentReactedOutput,
    COMMENT_LIKED,
    put=("Like a comment", f"{LIKING} `comment_id` says in the event that it is the comment's."),
    delete=("comments_unlike", "Take one's like of a comment back"),
)
class CommentLikeView(_CommentReactionView):
    kind = Reaction.LIKE


@_described(
    "comments_dislike",
    CommentReactedOutput,
    COMMENT_LIKED,
    put=("Dislike a comment", DISLIKING),
    delete=("comments_undislike", "Take one's dislike of a comment back"),
)
class CommentDislikeView(_CommentReactionView):
    kind = Reaction.DISLIKE


class LikedView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="me_liked",
        summary="What you like, newest like first",
        description="Posts, announced recipes among them, or comments: what you may still see and have not muted.",
        tags=["me"],
        parameters=[OpenApiParameter("type", enum=TYPES, default="posts")],
        responses={
            200: PolymorphicProxySerializer(
                component_name="LikedOutput",
                serializers=[PostOutput, CommentOutput],
                resource_type_field_name=None,
                many=True,
            )
        },
        examples=[SHOWN, COMMENT],
    )
    def get(self, request: Request) -> HttpResponse:
        user = user_of(request)
        kind = request.query_params.get("type", "posts")
        if kind not in TYPES:
            raise Invalid("There is no such type.", errors={"type": [f"One of {', '.join(TYPES)}."]})
        if kind == "comments":
            page = LIKED_COMMENTS.respond_to(request, True, {"viewer": user.pk}, lambda rows: liked_shapes(rows, user))
        else:
            page = LIKED_POSTS.respond_to(
                request, True, {"viewer": user.pk}, lambda rows: posts_of_ids(user, [row["post_id"] for row in rows])
            )
        return conditional(request, page)
