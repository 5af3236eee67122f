"""Notifications over HTTP: what comes in, and for the schema what goes out."""

from typing import Any

from rest_framework import serializers

from core.fields import BoundedList, WholeNumber
from posts.models import Notification
from recipes.serializers import PersonOutput

# As long as a page at most.
IDS_MAX = 100
_ID_MAX = 2**63 - 1


class NotificationOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notification.Kind.choices)
    actors = PersonOutput(many=True, help_text="the newest three")
    actor_count = serializers.IntegerField(help_text="how many did it, these three included")
    post_id = serializers.IntegerField(allow_null=True)
    recipe_id = serializers.IntegerField(allow_null=True)
    comment_id = serializers.IntegerField(
        allow_null=True, help_text="what was liked or replied to, or names you; null of a comment on a post"
    )
    is_read = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="when the newest of the actors joined")


class UnreadOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class ReadInput(serializers.Serializer[Any]):
    ids = BoundedList(
        child=WholeNumber(min_value=1, max_value=_ID_MAX), required=False, min_length=1, max_length=IDS_MAX
    )
    up_to = WholeNumber(required=False, min_value=1, max_value=_ID_MAX)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            message = "Exactly one of ids and up_to."
            raise serializers.ValidationError({"ids": [message], "up_to": [message]})
        return attrs
