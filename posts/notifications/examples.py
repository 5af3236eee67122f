"""Samples of requests and answers for the API's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_LIKED: dict[str, Any] = {
    "id": 91,
    "kind": "like",
    "actors": [
        {
            "id": 7,
            "username": "carl",
            "display_name": "Carl",
            "picture": "/api/default-pictures/picture/7-C.png",
            "role": "customer",
        },
        {
            "id": 9,
            "username": "cora",
            "display_name": "Cora",
            "picture": "/api/default-pictures/picture/9-C.png",
            "role": "customer",
        },
    ],
    "actor_count": 2,
    "post_id": 12,
    "recipe_id": None,
    "comment_id": None,
    "is_read": False,
    "created_at": "2026-03-01T18:00:00Z",
    "updated_at": "2026-03-01T18:05:00Z",
}
LIKED = OpenApiExample("two people like a post", _LIKED, response_only=True, status_codes=["200"])
SOME = OpenApiExample("some", {"ids": [91, 90]}, request_only=True)
ALL_UP_TO = OpenApiExample("this one and all older ones", {"up_to": 91}, request_only=True)
LEFT = OpenApiExample("three are unread", {"count": 3}, response_only=True, status_codes=["200"])
