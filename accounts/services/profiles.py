"""What people change about themselves."""

from typing import Any, Literal

from django.db import transaction

from accounts.models import Profile, User
from accounts.services.sessions import sessions_revoke
from core.errors import Conflict
from media_pipeline.services import image_create, media_delete

Which = Literal["picture", "cover"]
USER_FIELDS = ("display_name", "first_name", "last_name")
PROFILE_FIELDS = ("bio", "website")


@transaction.atomic
def profile_update(*, user: User, changes: dict[str, Any]) -> None:
    """Saves those of USER_FIELDS and PROFILE_FIELDS that are in `changes`."""
    for row, names in ((user, USER_FIELDS), (user.profile, PROFILE_FIELDS)):
        changed = [name for name in names if name in changes and getattr(row, name) != changes[name]]
        for name in changed:
            setattr(row, name, changes[name])
        if changed:
            row.save(update_fields=[*changed, "updated_at"] if isinstance(row, Profile) else changed)


@transaction.atomic
def picture_set(*, user: User, which: Which, data: bytes, field: str) -> None:
    """Makes `data` the picture or cover; errors as of `image_create`, under `field`."""
    _replace(user, which, image_create(owner=user, data=data, field=field))


@transaction.atomic
def picture_remove(*, user: User, which: Which) -> None:
    """Takes the picture or cover away; nothing happens when there is none."""
    _replace(user, which, None)


def _replace(user: User, which: Which, media: Any) -> None:
    profile = Profile.objects.select_for_update(of=("self",)).select_related(which).get(user=user)
    before = getattr(profile, which)
    setattr(profile, which, media)
    profile.save(update_fields=[which, "updated_at"])
    setattr(user.profile, which, media)
    if before is not None:
        try:
            with transaction.atomic():
                media_delete(media=before)
        except Conflict:
            pass  # a recipe of theirs shows it too


@transaction.atomic
def user_deactivate(*, user: User) -> None:
    """Closes the account: the person is invisible, cannot sign in, and every session ends.

    What they wrote stays in place but hidden, and the username and e-mail stay taken: erasure is another matter.
    """
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions_revoke(user=user)
