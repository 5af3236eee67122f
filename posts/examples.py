"""Samples of requests and answers for the API's description of posts."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ANN = {
    "id": 7,
    "username": "ann",
    "display_name": "Ann",
    "picture": "/api/default-pictures/picture/7-A.png",
    "role": "customer",
}
SALLY = {
    "id": 3,
    "username": "sally",
    "display_name": "Sally",
    "picture": "/api/default-pictures/picture/3-S.png",
    "role": "seller",
}

WRITTEN: dict[str, Any] = {"text": "Second time this week. #Shakshuka, thank you @sally!", "recipe_id": 42}
COOKED = OpenApiExample("I cooked this", WRITTEN, request_only=True)
FOR_LATER = OpenApiExample(
    "for later", {"text": "Merry Christmas!", "publish_at": "2026-12-24T18:00:00+01:00"}, request_only=True
)
CORRECTION = OpenApiExample("other words", {"text": "Third time this week. #Shakshuka"}, request_only=True)
EARLIER = OpenApiExample("another time", {"publish_at": "2026-12-23T18:00:00+01:00"}, request_only=True)
AT_ONCE = OpenApiExample("now", {"publish_at": None}, request_only=True)

POST: dict[str, Any] = {
    "id": 811,
    "kind": "status",
    "author": _ANN,
    "text": "Second time this week. #Shakshuka, thank you @sally!",
    "media": [],
    "recipe": {
        "id": 42,
        "name": "Shakshuka",
        "image": None,
        "seller": SALLY,
        "avg_rating": 4.67,
        "rating_count": 3,
        "locked": False,
    },
    "tags": ["shakshuka"],
    "like_count": 12,
    "comment_count": 2,
    "repost_count": 1,
    "save_count": 0,
    "view_count": 104,
    "dislike_count": None,
    "is_liked": True,
    "is_disliked": False,
    "is_saved": False,
    "is_reposted": False,
    "visibility": "public",
    "locked": False,
    "status": "published",
    "publish_at": None,
    "published_at": "2026-03-01T18:20:05.124Z",
    "version": 1,
    "created_at": "2026-03-01T18:20:05.124Z",
    "updated_at": "2026-03-01T18:20:05.124Z",
    "original": None,
}
SHOWN = OpenApiExample("a post", POST, response_only=True, status_codes=["200", "201"])
REPOSTED = OpenApiExample(
    "a repost",
    {**POST, "id": 812, "kind": "repost", "author": SALLY, "text": "", "recipe": None, "tags": [], "original": POST},
    response_only=True,
    status_codes=["200", "201"],
)
WAITING = OpenApiExample(
    "a scheduled post",
    {
        **POST,
        "text": "Merry Christmas!",
        "recipe": None,
        "tags": [],
        **dict.fromkeys(("like_count", "comment_count", "repost_count", "save_count", "view_count"), 0),
        "dislike_count": 0,
        "is_liked": False,
        "status": "scheduled",
        "publish_at": "2026-12-24T17:00:00Z",
        "published_at": "2026-12-24T17:00:00Z",
    },
    response_only=True,
    status_codes=["200", "201"],
)
