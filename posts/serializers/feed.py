"""Feeds and suggestions as clients get them: for the schema."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import UserOutput
from posts.serializers.posts import PostOutput
from recipes.serializers import PersonOutput


class WhyOutput(serializers.Serializer[Any]):
    """The parts of a post's score, each from 0 to 1: 0.5 recency + 0.3 popularity + 0.2 affinity."""

    recency = serializers.FloatField(min_value=0, max_value=1, help_text="halves every 24 hours")
    popularity = serializers.FloatField(
        min_value=0, max_value=1, help_text="log(1 + w) / log(1001), w = likes + 2 comments + 3 reposts"
    )
    affinity = serializers.FloatField(
        min_value=0,
        max_value=1,
        help_text="n / (n + 5), n = your latest likes and, twice, comments of the author's posts",
    )


class FeedPostOutput(PostOutput):
    why = WhyOutput(required=False, help_text="of `order=ranked` alone")


class ReasonOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["followed_by", "shared_tags", "popular"])
    people = PersonOutput(many=True, help_text="`followed_by`: up to three of those whom you follow")
    count = serializers.IntegerField(help_text="how many of them; shared tags; followers")
    tags = serializers.ListField(child=serializers.CharField(), help_text="`shared_tags`: up to three of them")


class SuggestionOutput(serializers.Serializer[Any]):
    user = UserOutput()
    reason = ReasonOutput()
