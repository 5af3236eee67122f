"""Samples of answers for the API's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from posts.examples import POST, SALLY

_RANKED: dict[str, Any] = {**POST, "why": {"recency": 0.84, "popularity": 0.28, "affinity": 0.38}}
RANKED = OpenApiExample("ranked", _RANKED, response_only=True, status_codes=["200"])

_SUGGESTED: dict[str, Any] = {
    "user": {
        **SALLY,
        "bio": "",
        "website": "",
        "picture": None,
        "cover": None,
        "picture_url": SALLY["picture"],
        "cover_url": "/api/default-pictures/cover/3.png",
        "follower_count": 12,
        "following_count": 3,
        "post_count": 8,
        "recipe_count": 5,
        "created_at": "2026-01-10T09:30:00Z",
        "is_following": False,
        "is_blocked": False,
        "is_muted": False,
    },
    "reason": {
        "kind": "followed_by",
        "people": [
            {
                "id": 7,
                "username": "carl",
                "display_name": "Carl",
                "picture": "/api/default-pictures/picture/7-C.png",
                "role": "customer",
            }
        ],
        "count": 1,
        "tags": [],
    },
}
SUGGESTED = OpenApiExample("followed by somebody whom you follow", _SUGGESTED, response_only=True, status_codes=["200"])
