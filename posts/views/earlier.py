"""Media of posts as clients of an earlier system send them, after the post: a picture at once, a video bit by bit.

Not in the OpenAPI description, which is for new clients; core/earlier_urls.py has the addresses.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.models import User
from core.body_limits import BodyLimits
from core.errors import Gone, PreconditionFailed
from core.fields import OneLine
from core.idempotency import idempotent
from media_pipeline.appending import Appending, Creating
from media_pipeline.bodies import Block
from media_pipeline.named import begins, get_named_upload, upload_end, upload_for_name
from media_pipeline.serializers import PictureField
from media_pipeline.sessions import get_upload_for_user, upload_offset
from media_pipeline.sniffing import HEAD_BYTES
from media_pipeline.views.media import MediaListView
from media_pipeline.views.uploads import UploadListView
from posts.models import Post
from posts.reads import post_read
from posts.services.content import PostContent, media_of, require_author, require_own_words
from posts.services.posts import post_update
from posts.views.access import get_post_for_user


class ImageInput(serializers.Serializer[Any]):
    postID = serializers.IntegerField(min_value=1)
    imageBase64 = PictureField()


class ImageAddView(MediaListView):
    """One more picture for a post of one's own, after those that it has. Answers with the post."""

    http_method_names = ["post", "options"]

    @idempotent
    def post(self, request: Request) -> Response:
        user = user_of(request)
        data = ImageInput(data=request.data)
        data.is_valid(raise_exception=True)
        post = get_post_for_user(user, data.validated_data["postID"])
        show_more(user, post, {"images": [data.validated_data["imageBase64"]]})
        return Response(post_read(user, post.pk), status=status.HTTP_201_CREATED)


class VideoInput(serializers.Serializer[Any]):
    filename = OneLine(max_length=255)
    chunk = serializers.FileField(allow_empty_file=False)
    # Clients that may send a chunk twice say where it goes.
    offset = serializers.IntegerField(min_value=0, required=False)


class VideoAppendView(UploadListView):
    """The next bytes of a video, which is known by its owner and file name. Answers with its `id`.

    Not idempotent: the transaction of that would end after the bytes are let go, and another write come between.
    """

    http_method_names = ["post", "options"]
    body_limits = BodyLimits(multipart=settings.REQUEST_BODY_MAX)

    def check_throttles(self, request: Request) -> None:
        """As with chunks, what is limited is how many uploads are begun."""
        data = VideoInput(data=request.data)
        if not data.is_valid() or begins(_head(data), get_named_upload(request.user, data.validated_data["filename"])):
            super().check_throttles(request)

    def post(self, request: Request) -> Response:
        data = VideoInput(data=request.data)
        data.is_valid(raise_exception=True)
        chunk = data.validated_data["chunk"]
        upload, is_new = upload_for_name(owner=request.user, name=data.validated_data["filename"], head=_head(data))
        offset = data.validated_data.get("offset", upload_offset(upload))
        appending = Creating(upload) if is_new else Appending(upload, offset, None)
        try:
            appending.take(Block(list(chunk.chunks()), chunk.size, is_last=True))
        finally:
            appending.close()
        answer = {"id": str(upload.pk), "offset": offset + chunk.size}
        return Response(answer, status=status.HTTP_201_CREATED)


class VideoEndInput(serializers.Serializer[Any]):
    postID = serializers.IntegerField(min_value=1)
    videoID = serializers.UUIDField()


class VideoEndView(UploadListView):
    """The video is complete, and shown by a post of one's own. Answers with the post; again, with the same."""

    http_method_names = ["post", "options"]
    throttle_scope = None  # type: ignore[assignment]

    def post(self, request: Request) -> Response:
        user = user_of(request)
        data = VideoEndInput(data=request.data)
        data.is_valid(raise_exception=True)
        post = get_post_for_user(user, data.validated_data["postID"])
        # An upload that is ended takes no more bytes: not for a post that cannot show it.
        require_author(user, post)
        require_own_words(post)
        upload = upload_end(session=get_upload_for_user(user, data.validated_data["videoID"]))
        if upload.media_id is None:
            raise Gone("The video was deleted.")
        is_new = show_more(user, post, {"media_ids": [upload.media_id]})
        return Response(post_read(user, post.pk), status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


def show_more(user: User, post: Post, more: PostContent) -> bool:
    """Makes the post show MORE media behind those that it has; False when it does already."""
    while True:
        shown = [media.pk for media in media_of(post)]
        added: list[UUID] = [one for one in more.get("media_ids", []) if one not in shown]
        if not added and "images" not in more:
            return False
        try:
            changes: PostContent = {**more, "media_ids": [*shown, *added]}
            post_update(user=user, post=post, changes=changes, expected={post.version})
        except PreconditionFailed:  # their client sends several at once
            post = get_post_for_user(user, post.pk)
            continue
        return True


def _head(data: VideoInput) -> bytes:
    """By which the beginning of a film is known; nothing of a chunk that says it is another one."""
    if data.validated_data.get("offset"):
        return b""
    chunk = data.validated_data["chunk"]
    head: bytes = chunk.read(HEAD_BYTES)
    chunk.seek(0)
    return head
