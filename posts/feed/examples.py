"""Samples of answers for the API's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_SALLY = {
    "id": 3,
    "username": "sally",
    "display_name": "Sally",
    "picture": "/api/default-pictures/picture/3-S.png",
    "role": "seller",
}

_RANKED: dict[str, Any] = {
    "id": 12,
    "kind": "status",
    "author": _SALLY,
    "text": "Third shakshuka this week. #Eggs",
    "media": [],
    "recipe": None,
    "tags": ["eggs"],
    "like_count": 4,
    "comment_count": 1,
    "repost_count": 0,
    "save_count": 2,
    "view_count": 57,
    "dislike_count": None,
    "is_liked": True,
    "is_disliked": False,
    "is_saved": False,
    "is_reposted": False,
    "visibility": "public",
    "locked": False,
    "status": "published",
    "publish_at": None,
    "published_at": "2026-03-01T18:00:00Z",
    "version": 1,
    "created_at": "2026-03-01T18:00:00Z",
    "updated_at": "2026-03-01T18:00:00Z",
    "original": None,
    "why": {"recency": 0.84, "popularity": 0.28, "affinity": 0.38},
}
RANKED = OpenApiExample("ranked", _RANKED, response_only=True, status_codes=["200"])

_SUGGESTED: dict[str, Any] = {
    "user": {
        **_SALLY,
        "bio": "",
        "website": "",
        "picture": None,
        "cover": None,
        "picture_url": _SALLY["picture"],
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
