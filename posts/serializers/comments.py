"""Comments as clients write them; the output is for the schema."""

from typing import Any

from rest_framework import serializers

from core.fields import Prose
from posts.models.comments import COMMENT_MAX
from recipes.serializers import PersonOutput


class CommentInput(serializers.Serializer[Any]):
    """White space around the text is cut off."""

    text = Prose(max_length=COMMENT_MAX)


class CommentOutput(serializers.Serializer[Any]):
    """Of a deleted comment that has replies the place is left: without text and author."""

    id = serializers.IntegerField()
    post_id = serializers.IntegerField()
    parent_id = serializers.IntegerField(allow_null=True, help_text="the comment that this replies to")
    author = PersonOutput(allow_null=True, help_text="null of a deleted one")
    text = serializers.CharField(allow_blank=True)
    like_count = serializers.IntegerField()
    dislike_count = serializers.IntegerField(allow_null=True, help_text="told to the author alone, null to others")
    reply_count = serializers.IntegerField()
    is_liked = serializers.BooleanField()
    is_disliked = serializers.BooleanField()
    is_deleted = serializers.BooleanField()
    version = serializers.IntegerField(help_text="goes up with each edit; what If-Match compares")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
