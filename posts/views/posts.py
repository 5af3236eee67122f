"""The routes of posts and reposts."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.views.people import get_user_for_viewer
from core.errors import NotFound
from core.etags import conditional, expected_versions
from core.idempotency import idempotent
from core.schema import STREAM_POSITION
from core.search import typed
from media_pipeline.views.with_picture import WithPictureView
from posts.examples import COOKED, CORRECTION, FOR_LATER, REPOSTED, SHOWN
from posts.filters import filters_of
from posts.reads import PAGES, TAGGED, post_read, scheduled_read
from posts.serializers.posts import PostChanges, PostForm, PostInput, PostOutput, post_data
from posts.services.content import require_author, require_own_words
from posts.services.posts import post_create, post_delete, post_update
from posts.services.reposts import repost_create, repost_delete
from posts.services.scheduled import post_schedule
from posts.shapes import post_shapes
from posts.views.access import get_post_for_user
from posts.views.search import found_posts_page
from realtime.positions import stream_position
from recipes.views.recipes import SEARCH

TAGS = ["posts"]
NARROWING = [SEARCH, OpenApiParameter("tag", description="in any case")]
IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="the ETag of your last read: 412 when the post was edited since (likes and comments do not count)",
)


def post_response(request: Request, post: dict[str, Any] | None, **kwargs: Any) -> HttpResponse:
    """The post shape POST; NotFound for None."""
    if post is None:
        raise NotFound("There is no such post.")
    return conditional(request, Response(post, **kwargs), version=post["version"])


def post_page(request: Request, *, channel: str | None = None, **fixed: Any) -> HttpResponse:
    """A page of posts: one query, two for a search, and one for the position of CHANNEL."""
    filters = {**filters_of(request.query_params), **fixed}
    pages = TAGGED if "tag" in filters else PAGES
    words = typed(q) if (q := request.query_params.get("q")) is not None else None
    headers = {"Stream-Position": stream_position(channel)} if channel is not None else None
    if words is not None:
        return found_posts_page(request, words, filters, headers=headers)
    if request.user.pk is not None:
        filters["viewer"] = request.user.pk
    page = pages.respond_to(
        request, frozenset(filters), filters, lambda rows: post_shapes(rows, request.user), headers=headers
    )
    return conditional(request, page)


class PostListView(WithPictureView):
    @extend_schema(
        operation_id="posts_list",
        summary="Posts, newest first",
        description=(
            "Without those of people whom you have muted, unless you ask for their author. New ones are heard on "
            "`feed:{your id}` and `user:{author}`."
        ),
        tags=TAGS,
        parameters=[OpenApiParameter("author", description="a username in any case, or a user's id"), *NARROWING],
        responses={200: PostOutput(many=True)},
        examples=[SHOWN],
    )
    def get(self, request: Request) -> HttpResponse:
        return post_page(request)

    @extend_schema(
        operation_id="posts_create",
        summary="Write a post",
        description=(
            "Text with at most 30 hashtags, at most ten pictures or one video, perhaps the recipe that you cooked; "
            "one of the three there must be. With `publish_at` it is scheduled, and only you see it until then: "
            "`Location` is then `/api/scheduled-posts/{id}/`, and the id stays when it is published."
        ),
        tags=TAGS,
        request={"application/json": PostInput, "multipart/form-data": PostForm},
        responses={201: PostOutput},
        examples=[COOKED, FOR_LATER, SHOWN],
    )
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        user = user_of(request)
        data = PostInput(data=post_data(request.data))
        data.is_valid(raise_exception=True)
        content: Any = data.content()
        if publish_at := data.validated_data.get("publish_at"):
            post = post_schedule(user=user, content=content, publish_at=publish_at)
            shape, path = scheduled_read(user, post.pk), "scheduled-posts"
        else:
            post = post_create(user=user, content=content)
            shape, path = post_read(user, post.pk), "posts"
        headers = {"Location": f"/api/{path}/{post.pk}/"}
        return post_response(request, shape, status=status.HTTP_201_CREATED, headers=headers)


class UserPostsView(APIView):
    @extend_schema(
        operation_id="users_posts",
        summary="A person's posts",
        description="As the list of all posts; `Stream-Position` is that of the channel `user:{id}`.",
        tags=["users"],
        parameters=[*NARROWING, STREAM_POSITION],
        responses={200: PostOutput(many=True)},
        examples=[SHOWN],
    )
    def get(self, request: Request, username: str) -> HttpResponse:
        author = get_user_for_viewer(request.user, username)
        return post_page(request, channel=f"user:{author.pk}", author=author.pk)


class PostDetailView(WithPictureView):
    @extend_schema(
        operation_id="posts_read",
        summary="A post",
        description="`Stream-Position` is that of the channel `post:{id}`.",
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: PostOutput},
        examples=[SHOWN],
    )
    def get(self, request: Request, post_id: int) -> HttpResponse:
        position = stream_position(f"post:{post_id}")
        return post_response(request, post_read(request.user, post_id), headers={"Stream-Position": position})

    @extend_schema(
        operation_id="posts_update",
        summary="Change one's post",
        description=(
            "Fields that are absent stay; media that are given replace all. What becomes for followers only loses its "
            "reposts. A recipe's announcement (409 `announcement`) and a repost (409 `repost`) have nothing to change."
        ),
        tags=TAGS,
        parameters=[IF_MATCH],
        request={"application/json": PostChanges, "multipart/form-data": PostForm},
        responses={200: PostOutput},
        examples=[CORRECTION, SHOWN],
    )
    def patch(self, request: Request, post_id: int) -> HttpResponse:
        user = user_of(request)
        post = get_post_for_user(user, post_id)
        require_author(user, post)
        require_own_words(post)
        data = PostChanges(data=post_data(request.data), partial=True)
        data.is_valid(raise_exception=True)
        content: Any = data.content()
        post_update(user=user, post=post, changes=content, expected=expected_versions(request))
        return post_response(request, post_read(user, post_id))

    @extend_schema(
        operation_id="posts_delete",
        summary="Delete a post",
        description=(
            "Its author or a moderator, with its comments, media and reposts. A recipe's announcement goes with the "
            "recipe alone (409 `announcement`)."
        ),
        tags=TAGS,
        parameters=[IF_MATCH],
        responses={204: None},
    )
    def delete(self, request: Request, post_id: int) -> Response:
        user = user_of(request)
        post_delete(user=user, post=get_post_for_user(user, post_id), expected=expected_versions(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PostRepostView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="posts_repost",
        summary="Show a post to one's followers",
        description=(
            "201 the first time, 200 afterwards; of a repost it is one of the original. What is for followers only "
            "cannot be reposted (409 `not_public`). Heard as `repost.created` on the original's `post:{id}`."
        ),
        tags=TAGS,
        request=None,
        responses={200: PostOutput, 201: PostOutput},
        examples=[REPOSTED],
    )
    def put(self, request: Request, post_id: int) -> HttpResponse:
        user = user_of(request)
        repost, created = repost_create(user=user, post=get_post_for_user(user, post_id))
        return post_response(
            request,
            post_read(user, repost.pk),
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
            headers={"Location": f"/api/posts/{repost.pk}/"},
        )

    @extend_schema(
        operation_id="posts_unrepost",
        summary="Take one's repost back",
        description="Nothing happens when there is none.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request: Request, post_id: int) -> Response:
        user = user_of(request)
        repost_delete(user=user, post=get_post_for_user(user, post_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
