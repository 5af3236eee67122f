"""Who may read the channels of people."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser

from accounts.models import User


def readers_of_user(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`user:{id}`: anyone, while there is such a person. One query."""
    # One name a channel: "007" would be a second one, on which nothing is ever heard.
    if not (key.isascii() and key.isdigit()) or str(int(key)) != key or len(key) > 18:
        return set()
    if not User.objects.visible_to(AnonymousUser()).filter(pk=int(key)).exists():
        return set()
    return set(user_ids)
