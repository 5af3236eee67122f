"""Samples of comments, reactions and views for the API's description."""

from drf_spectacular.utils import OpenApiExample

COMMENTING = OpenApiExample("a comment", {"text": "With feta on top!"}, request_only=True)
COMMENT = OpenApiExample(
    "a comment",
    {
        "id": 511,
        "post_id": 77,
        "parent_id": None,
        "author": {
            "id": 7,
            "username": "carl",
            "display_name": "Carl",
            "picture": "/api/default-pictures/picture/7-C.png",
            "role": "customer",
        },
        "text": "With feta on top!",
        "like_count": 2,
        "dislike_count": None,
        "reply_count": 1,
        "is_liked": True,
        "is_disliked": False,
        "is_deleted": False,
        "version": 1,
        "created_at": "2026-03-01T18:21:40.002Z",
        "updated_at": "2026-03-01T18:21:40.002Z",
    },
    response_only=True,
    status_codes=["200", "201"],
)

_LIKED = {"like_count": 13, "dislike_count": None, "is_liked": True, "is_disliked": False}
POST_LIKED = OpenApiExample("a liked post", {"post_id": 77, **_LIKED}, response_only=True)
RECIPE_LIKED = OpenApiExample("a liked recipe", {"recipe_id": 42, "post_id": 77, **_LIKED}, response_only=True)
COMMENT_LIKED = OpenApiExample("a liked comment", {"comment_id": 511, **_LIKED}, response_only=True)
_SAVED = {"post_id": 77, "is_saved": True, "save_count": 4}
POST_SAVED = OpenApiExample("a saved post", _SAVED, response_only=True)
RECIPE_SAVED = OpenApiExample("a saved recipe", {"recipe_id": 42, **_SAVED}, response_only=True)

SEEN = OpenApiExample("what was on the screen", {"post_ids": [77, 78, 81]}, request_only=True)
COUNTED = OpenApiExample("one was seen before today", {"counted": 2}, response_only=True)
