"""Who may read the channels of people."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from realtime.channels import id_of


def readers_of_user(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`user:{id}`: anyone, while there is such a person. One query."""
    wanted = id_of(key)
    if wanted is None or not User.objects.visible_to(AnonymousUser()).filter(pk=wanted).exists():
        return set()
    return set(user_ids)
