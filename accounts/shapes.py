"""People as clients see them. Plain functions over loaded rows: none of them queries, but for `own_user`."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from accounts.unread import unread_notifications
from media_pipeline.drawn import drawn_url
from media_pipeline.shapes import image_shape, rendition_url
from media_pipeline.storage import public_url
from realtime.events import Actor

_SHORT = ("id", "username", "display_name", "role", "profile__picture__renditions")


def actor_of(user: User) -> Actor:
    """The `actor` of an event. Needs `profile__picture` loaded. Who has no picture has one that is drawn."""
    return {
        "id": user.pk,
        "username": user.username,
        "display_name": user.shown_name,
        "picture": rendition_url(user.profile.picture, "small") or drawn_url("picture", user.pk, user.shown_name),
    }


def short_user(user: User) -> dict[str, Any]:
    """A person beside something else, such as a recipe's seller. Needs `profile__picture` loaded."""
    return {**actor_of(user), "role": user.role}


def short_user_fields(prefix: str) -> list[str]:
    """The names to ask `.values()` for, so that `short_user_from(row, prefix)` can shape the row."""
    return [prefix + name for name in _SHORT]


def short_user_from(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """`short_user` of a `.values()` row that holds `short_user_fields(prefix)`."""
    renditions = row[f"{prefix}profile__picture__renditions"]
    small = renditions.get("small") if renditions else None
    user_id, name = row[f"{prefix}id"], row[f"{prefix}display_name"] or row[f"{prefix}username"]
    return {
        "id": user_id,
        "username": row[f"{prefix}username"],
        "display_name": name,
        "picture": public_url(small["jpeg"]) if small else drawn_url("picture", user_id, name),
        "role": row[f"{prefix}role"],
    }


def full_user(
    user: User, *, is_following: bool = False, is_blocked: bool = False, is_muted: bool = False
) -> dict[str, Any]:
    """A person's page. Needs `profile__picture` and `profile__cover` loaded. Never the e-mail.

    `picture` and `cover` are what they uploaded, null for nothing; `picture_url` and `cover_url` always show something.
    """
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
        "picture_url": rendition_url(profile.picture, "large") or drawn_url("picture", user.pk, user.shown_name),
        "cover_url": rendition_url(profile.cover, "large") or drawn_url("cover", user.pk, user.shown_name),
        "follower_count": profile.follower_count,
        "following_count": profile.following_count,
        "post_count": profile.post_count,
        "recipe_count": profile.recipe_count,
        "created_at": user.date_joined,
        "is_following": is_following,
        "is_blocked": is_blocked,
        "is_muted": is_muted,
    }


def page_of(user: User, relations: Any = None) -> dict[str, Any]:
    """`full_user` for the viewer whose `relations_of` are annotated: on the person, or on the row RELATIONS."""
    row: Any = relations or user
    return full_user(user, is_following=row.is_followed, is_blocked=row.is_blocked, is_muted=row.is_muted)


def withheld_user(user: User) -> dict[str, Any]:
    """Somebody who has blocked the viewer, in the viewer's own list of blocks: what it takes to end that, no more."""
    return {
        "id": user.pk,
        "username": user.username,
        "display_name": user.username,
        "role": user.role,
        "bio": "",
        "website": "",
        "picture": None,
        "cover": None,
        "picture_url": drawn_url("picture", user.pk, user.username),
        "cover_url": drawn_url("cover", user.pk, user.username),
        "follower_count": 0,
        "following_count": 0,
        "post_count": 0,
        "recipe_count": 0,
        "created_at": user.date_joined,
        "is_following": False,
        "is_blocked": True,
        "is_muted": False,
    }


def own_user(user: User) -> dict[str, Any]:
    """What people see of themselves: their page and what nobody else may see. One query."""
    return {
        **full_user(user),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "email_verified": user.email_verified,
        "new_email": user.new_email or None,
        "premium_until": user.premium_until,
        "is_moderator": user.is_moderator,
        "unread_notifications": unread_notifications(user.pk),
    }
