"""People as clients see them. Plain functions over loaded rows: none of them queries."""

from typing import Any

from accounts.models import User
from media_pipeline.shapes import image_shape, rendition_url
from realtime.events import Actor


def actor_of(user: User) -> Actor:
    """The `actor` of an event. Needs `profile__picture` loaded."""
    return {
        "id": user.pk,
        "username": user.username,
        "display_name": user.shown_name,
        "picture": rendition_url(user.profile.picture, "small"),
    }


def short_user(user: User) -> dict[str, Any]:
    """A person beside something else, such as a recipe's seller. Needs `profile__picture` loaded."""
    return {**actor_of(user), "role": user.role}


def full_user(user: User, *, is_following: bool) -> dict[str, Any]:
    """A person's page. Needs `profile__picture` and `profile__cover` loaded. Never the e-mail."""
    profile = user.profile
    return {
        "id": user.pk,
        "username": user.username,
        "display_name": user.shown_name,
        "role": user.role,
        "bio": profile.bio,
        "website": profile.website,
        "picture": image_shape(profile.picture),
        "cover": image_shape(profile.cover),
        "follower_count": profile.follower_count,
        "following_count": profile.following_count,
        "post_count": profile.post_count,
        "recipe_count": profile.recipe_count,
        "created_at": user.date_joined,
        "is_following": is_following,
        "is_blocked": False,
        "is_muted": False,
    }


def own_user(user: User) -> dict[str, Any]:
    """What people see of themselves: their page and what nobody else may see."""
    return {
        **full_user(user, is_following=False),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "premium_until": user.premium_until,
        "is_moderator": user.is_moderator,
        "unread_notifications": 0,
    }
