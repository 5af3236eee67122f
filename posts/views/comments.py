"""The routes of comments and replies."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.errors import NotFound
from core.etags import conditional, expected_versions
from core.idempotency import idempotent
from core.prepared import PreparedPages
from core.schema import STREAM_POSITION
from posts.comment_examples import COMMENT, COMMENTING
from posts.comment_reads import COMMENTS, REPLIES, comment_read
from posts.comment_shapes import comment_shape_of, comment_shapes
from posts.models import Comment
from posts.serializers.comments import CommentInput, CommentOutput
from posts.services.comments import (
    comment_create,
    comment_delete,
    comment_update,
    reply_create,
    require_comment_author,
)
from posts.views.access import get_announcement_for_user, get_comment_for_user, get_post_for_user
from realtime.positions import stream_position

TAGS = ["comments"]
IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="the ETag of your last read: 412 when the comment was edited since (likes do not count)",
)
HEARD = "Heard as `comment.created` on `post:{id}`, and on `recipe:{id}` when the post announces a recipe."


def text_of(request: Request) -> str:
    data = CommentInput(data=request.data)
    data.is_valid(raise_exception=True)
    text: str = data.validated_data["text"]
    return text


def comment_page(request: Request, pages: PreparedPages[Comment, bool], channel: str, **values: Any) -> HttpResponse:
    """A page of comments: two queries beside those that found out what they belong to."""
    viewer = request.user
    position = stream_position(channel)
    page = pages.respond_to(
        request,
        viewer.pk is not None,
        {"viewer": viewer.pk, **values},
        lambda rows: comment_shapes(rows, viewer),
        headers={"Stream-Position": position},
    )
    return conditional(request, page)


def created(request: Request, comment: Comment) -> HttpResponse:
    response = Response(
        comment_shape_of(comment, request.user),
        status=status.HTTP_201_CREATED,
        headers={"Location": f"/api/comments/{comment.pk}/"},
    )
    return conditional(request, response, version=comment.version)


class PostCommentsView(APIView):
    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(
        operation_id="posts_comments",
        summary="The comments on a post, newest first",
        description=(
            "Replies have an address of their own. A deleted comment stays, without words, while it has replies. Of a "
            "repost, the comments are those on the post that it shows. `Stream-Position` is that of the channel "
            "`post:{id}`."
        ),
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: CommentOutput(many=True)},
        examples=[COMMENT],
    )
    def get(self, request: Request, post_id: int) -> HttpResponse:
        post = get_post_for_user(request.user, post_id)
        shown_id = post.original_id or post.pk
        return comment_page(request, COMMENTS, f"post:{shown_id}", post=shown_id)

    @extend_schema(
        operation_id="posts_comment",
        summary="Comment on a post",
        description=f"{HEARD} On a repost it is a comment on the post that this shows.",
        tags=TAGS,
        request=CommentInput,
        responses={201: CommentOutput},
        examples=[COMMENTING, COMMENT],
    )
    @idempotent
    def post(self, request: Request, post_id: int) -> HttpResponse:
        user = user_of(request)
        post = get_post_for_user(user, post_id)
        return created(request, comment_create(user=user, post=post, text=text_of(request)))


class RecipeCommentsView(APIView):
    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(
        operation_id="recipes_comments",
        summary="The comments on a recipe, newest first",
        description=(
            "They are those on the post that announces it. `Stream-Position` is that of the channel `recipe:{id}`."
        ),
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: CommentOutput(many=True)},
        examples=[COMMENT],
    )
    def get(self, request: Request, recipe_id: int) -> HttpResponse:
        post = get_announcement_for_user(request.user, recipe_id)
        return comment_page(request, COMMENTS, f"recipe:{recipe_id}", post=post.pk)

    @extend_schema(
        operation_id="recipes_comment",
        summary="Comment on a recipe",
        description=f"It is a comment on the post that announces the recipe. {HEARD}",
        tags=TAGS,
        request=CommentInput,
        responses={201: CommentOutput},
        examples=[COMMENTING, COMMENT],
    )
    @idempotent
    def post(self, request: Request, recipe_id: int) -> HttpResponse:
        user = user_of(request)
        post = get_announcement_for_user(user, recipe_id)
        return created(request, comment_create(user=user, post=post, text=text_of(request)))


class RepliesView(APIView):
    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(
        operation_id="comments_replies",
        summary="The replies to a comment, oldest first",
        description="Of a reply there are none. `Stream-Position` is that of the channel `post:{id}`.",
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: CommentOutput(many=True)},
        examples=[COMMENT],
    )
    def get(self, request: Request, comment_id: int) -> HttpResponse:
        parent = get_comment_for_user(request.user, comment_id)
        return comment_page(request, REPLIES, f"post:{parent.post_id}", parent=parent.pk)

    @extend_schema(
        operation_id="comments_reply",
        summary="Reply to a comment",
        description=f"A reply cannot be replied to (409 `reply_to_reply`). {HEARD}",
        tags=TAGS,
        request=CommentInput,
        responses={201: CommentOutput},
        examples=[COMMENTING, COMMENT],
    )
    @idempotent
    def post(self, request: Request, comment_id: int) -> HttpResponse:
        user = user_of(request)
        parent = get_comment_for_user(user, comment_id)
        return created(request, reply_create(user=user, parent=parent, text=text_of(request)))


class CommentView(APIView):
    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(
        operation_id="comments_read",
        summary="A comment",
        tags=TAGS,
        responses={200: CommentOutput},
        examples=[COMMENT],
    )
    def get(self, request: Request, comment_id: int) -> HttpResponse:
        return self._respond(request, comment_id)

    @extend_schema(
        operation_id="comments_update",
        summary="Change one's comment",
        description="Heard as `comment.updated`; the same text again changes nothing.",
        tags=TAGS,
        parameters=[IF_MATCH],
        request=CommentInput,
        responses={200: CommentOutput},
        examples=[COMMENTING, COMMENT],
    )
    def patch(self, request: Request, comment_id: int) -> HttpResponse:
        user = user_of(request)
        comment = get_comment_for_user(user, comment_id)
        require_comment_author(user, comment)
        comment_update(user=user, comment=comment, text=text_of(request), expected=expected_versions(request))
        return self._respond(request, comment_id)

    @extend_schema(
        operation_id="comments_delete",
        summary="Delete a comment",
        description=(
            "Its author or a moderator. The words are gone for good; while there are replies, the place stays. "
            "Heard as `comment.deleted`."
        ),
        tags=TAGS,
        parameters=[IF_MATCH],
        responses={204: None},
    )
    def delete(self, request: Request, comment_id: int) -> Response:
        user = user_of(request)
        comment = get_comment_for_user(user, comment_id)
        comment_delete(user=user, comment=comment, expected=expected_versions(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _respond(self, request: Request, comment_id: int) -> HttpResponse:
        comment = comment_read(request.user, comment_id)
        if comment is None:
            raise NotFound("There is no such comment.")
        return conditional(request, Response(comment), version=comment["version"])
