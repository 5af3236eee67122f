"""How mails reach people."""

from typing import Any

from django.db import transaction

from accounts.models import Profile, User

FIELDS = ("digest", "timezone", "email_notifications")


@transaction.atomic
def preferences_update(*, user: User, changes: dict[str, Any]) -> dict[str, Any]:
    """Saves those of FIELDS that are in `changes`, and returns all of them as they are then."""
    if changes:
        Profile.objects.filter(user=user).update(**{name: changes[name] for name in FIELDS if name in changes})
    preferences: dict[str, Any] = Profile.objects.filter(user=user).values(*FIELDS).get()
    return preferences


def digest_stop(*, user_id: int) -> None:
    """No daily digest any more. Nothing happens when there was none, or no such person."""
    Profile.objects.filter(user=user_id, digest=True).update(digest=False)
