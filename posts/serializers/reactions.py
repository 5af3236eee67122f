"""Likes, dislikes, saves and views as clients send them; the outputs are for the schema."""

from typing import Any

from django.db.models import BigIntegerField
from rest_framework import serializers

from core.fields import BoundedList, WholeNumber

VIEWS_MAX = 100


class ReactedOutput(serializers.Serializer[Any]):
    """How things stand afterwards."""

    like_count = serializers.IntegerField()
    dislike_count = serializers.IntegerField(allow_null=True, help_text="told to the author alone, null to others")
    is_liked = serializers.BooleanField()
    is_disliked = serializers.BooleanField()


class PostReactedOutput(ReactedOutput):
    post_id = serializers.IntegerField(help_text="of a repost, the post that it shows")


class RecipeReactedOutput(PostReactedOutput):
    recipe_id = serializers.IntegerField()


class CommentReactedOutput(ReactedOutput):
    comment_id = serializers.IntegerField()


class SavedOutput(serializers.Serializer[Any]):
    post_id = serializers.IntegerField(help_text="of a repost, the post that it shows")
    is_saved = serializers.BooleanField()
    save_count = serializers.IntegerField()


class RecipeSavedOutput(SavedOutput):
    recipe_id = serializers.IntegerField()


class ViewsInput(serializers.Serializer[Any]):
    post_ids = BoundedList(
        child=WholeNumber(min_value=1, max_value=BigIntegerField.MAX_BIGINT), min_length=1, max_length=VIEWS_MAX
    )


class ViewsOutput(serializers.Serializer[Any]):
    counted = serializers.IntegerField(help_text="how many of them were new today")
