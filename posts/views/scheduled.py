"""The routes of posts that wait for their time. Each person sees their own alone."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.errors import NotFound
from core.etags import conditional, expected_versions
from media_pipeline.views.with_picture import WithPictureView
from posts.examples import AT_ONCE, EARLIER, WAITING
from posts.models import Post
from posts.reads import SCHEDULED, post_read, scheduled_read
from posts.serializers.posts import PostForm, PostOutput, ScheduledChanges, post_data
from posts.services.scheduled import scheduled_delete, scheduled_update
from posts.shapes import post_shapes
from posts.views.posts import IF_MATCH, post_response

TAGS = ["scheduled posts"]


def get_scheduled_post_for_user(user: Any, post_id: int) -> Post:
    """The person's own post that waits, for writing to it; NotFound otherwise."""
    post = Post.objects.filter(author=user, status=Post.Status.SCHEDULED, pk=post_id).first()
    if post is None:
        raise NotFound("There is no such scheduled post.")
    return post


class ScheduledListView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="scheduled_posts_list",
        summary="One's scheduled posts, soonest first",
        tags=TAGS,
        responses={200: PostOutput(many=True)},
        examples=[WAITING],
    )
    def get(self, request: Request) -> HttpResponse:
        user = user_of(request)
        page = SCHEDULED.respond_to(request, None, {"viewer": user.pk}, lambda rows: post_shapes(rows, user))
        return conditional(request, page)


class ScheduledDetailView(WithPictureView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="scheduled_posts_read",
        summary="A scheduled post",
        description="404 once it is published: then it is `/api/posts/{id}/`, under the same id.",
        tags=TAGS,
        responses={200: PostOutput},
        examples=[WAITING],
    )
    def get(self, request: Request, scheduled_id: int) -> HttpResponse:
        return post_response(request, scheduled_read(request.user, scheduled_id))

    @extend_schema(
        operation_id="scheduled_posts_update",
        summary="Change a scheduled post or its time",
        description="`publish_at` null publishes it now; the answer is then the published post.",
        tags=TAGS,
        parameters=[IF_MATCH],
        request={"application/json": ScheduledChanges, "multipart/form-data": PostForm},
        responses={200: PostOutput},
        examples=[EARLIER, AT_ONCE, WAITING],
    )
    def patch(self, request: Request, scheduled_id: int) -> HttpResponse:
        user = user_of(request)
        post = get_scheduled_post_for_user(user, scheduled_id)
        data = ScheduledChanges(data=post_data(request.data), partial=True)
        data.is_valid(raise_exception=True)
        changes: Any = data.content()
        if "publish_at" in data.validated_data:
            changes["publish_at"] = data.validated_data["publish_at"]
        scheduled_update(user=user, post=post, changes=changes, expected=expected_versions(request))
        return post_response(request, scheduled_read(user, scheduled_id) or post_read(user, scheduled_id))

    @extend_schema(
        operation_id="scheduled_posts_delete",
        summary="Cancel a scheduled post",
        tags=TAGS,
        parameters=[IF_MATCH],
        responses={204: None},
    )
    def delete(self, request: Request, scheduled_id: int) -> Response:
        post = get_scheduled_post_for_user(user_of(request), scheduled_id)
        scheduled_delete(post=post, expected=expected_versions(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
