"""What search and tags answer, for the schema."""

from typing import Any

from rest_framework import serializers


class TagOutput(serializers.Serializer[Any]):
    """A tag and how much it was used in the last seven days."""

    name = serializers.CharField()
    post_count = serializers.IntegerField(help_text="posts of the last seven days, recipes included")
    score = serializers.IntegerField(help_text="the same, newer ones weigh more")
