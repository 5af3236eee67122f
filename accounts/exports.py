"""What an export has of people: their account, sessions, and whom they follow, block and mute."""

from typing import Any

from django.db.models import F

from accounts.models import Application, Block, Follow, Mute, Session, User, unblocked
from core.exports import Rows, in_chunks, register_export

_USER = (
    *("id", "username", "email", "email_verified_at", "new_email", "display_name", "first_name", "last_name"),
    *("role", "staff_role", "premium_until", "date_joined", "last_login"),
)
_PROFILE = {
    name: F(f"profile__{name}")
    for name in (
        *("bio", "website", "picture_id", "cover_id"),
        *("follower_count", "following_count", "recipe_count", "post_count", "updated_at"),
    )
}
_PREFERENCES = {name: F(f"profile__{name}") for name in ("digest", "timezone", "email_notifications")}


def register() -> None:
    register_export("account", account, about="Your account and your profile.")
    register_export("preferences", preferences, about="Which mails you get, and your time zone.")
    register_export("sessions", sessions, about="Where you are or were signed in, and apps that act or acted for you.")
    register_export("apps", apps, about="Apps of your own that others may allow to act for them.")
    register_export("following", following, about="Whom you follow.")
    register_export("followers", followers, about="Who follows you.")
    register_export("blocks", blocks, about="Whom you have blocked.")
    register_export("mutes", mutes, about="Whom you have muted.")


def account(user: User) -> Rows:
    yield from User.objects.filter(pk=user.pk).values(*_USER, **_PROFILE)


def preferences(user: User) -> Rows:
    yield from User.objects.filter(pk=user.pk).values(**_PREFERENCES)


def sessions(user: User) -> Rows:
    """Without `generation`, which a refresh token is made of."""
    fields = ("id", "user_agent", "created_at", "refreshed_at", "expires_at", "revoked_at", "scope")
    yield from in_chunks(Session.objects.filter(user=user).values(*fields, app=F("application__name")))


def apps(user: User) -> Rows:
    """Without their secrets."""
    fields = ("id", "name", "client_id", "client_type", "redirect_uris", "created", "updated")
    yield from in_chunks(Application.objects.filter(user=user).values(*fields))


def following(user: User) -> Rows:
    follows = Follow.objects.filter(unblocked(user, "followee"), follower=user, followee__is_active=True)
    yield from in_chunks(follows.values("id", "created_at", **_person("followee")))


def followers(user: User) -> Rows:
    follows = Follow.objects.filter(unblocked(user, "follower"), followee=user, follower__is_active=True)
    yield from in_chunks(follows.values("id", "created_at", **_person("follower")))


def blocks(user: User) -> Rows:
    yield from in_chunks(Block.objects.filter(blocker=user).values("id", "created_at", **_person("blocked")))


def mutes(user: User) -> Rows:
    yield from in_chunks(Mute.objects.filter(muter=user).values("id", "created_at", **_person("muted")))


def _person(field: str) -> dict[str, Any]:
    return {"user_id": F(field), "username": F(f"{field}__username")}
