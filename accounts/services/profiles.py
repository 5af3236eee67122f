"""What people change about themselves."""

from typing import Any, Literal

from django.db import transaction

from accounts.closing import tell_closing
from accounts.events import RightsChanged
from accounts.models import Profile, User
from accounts.services.sessions import sessions_revoke
from accounts.tasks import BLANK_WORDS, END_FOLLOWS, END_PREMIUM
from core.errors import Conflict, PreconditionFailed
from media_pipeline.owners import owner_closed
from media_pipeline.services import image_create, media_delete
from realtime.outbox import record, record_job

Which = Literal["picture", "cover"]
USER_FIELDS = ("display_name", "first_name", "last_name")
PROFILE_FIELDS = ("bio", "website")


def lock_person(user: User) -> None:
    """Makes other changes of this person wait for this one's commit. Before anything of theirs is locked: whoever takes
    bytes holds the person, too (media_pipeline/quotas.py), and then changes their profile or a recipe.
    """
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk").first()


@transaction.atomic
def profile_update(*, user: User, changes: dict[str, Any], expected: set[int] | None = None) -> None:
    """Saves those of USER_FIELDS and PROFILE_FIELDS that are in `changes`; no version is used up when none differs.

    `expected`: the versions of the profile that the edit was made for, None for any. Raises PreconditionFailed.
    """
    lock_person(user)
    profile = Profile.objects.select_for_update().get(user=user)
    if expected is not None and profile.version not in expected:
        raise PreconditionFailed("Your profile was changed since you read it: read it again, then repeat the edit.")
    changed: dict[User | Profile, list[str]] = {}
    for row, names in ((user, USER_FIELDS), (profile, PROFILE_FIELDS)):
        changed[row] = [name for name in names if name in changes and getattr(row, name) != changes[name]]
        for name in changed[row]:
            setattr(row, name, changes[name])
    if changed[user]:
        user.save(update_fields=changed[user])
    if any(changed.values()):
        profile.version += 1
        profile.save(update_fields=[*changed[profile], "version", "updated_at"])


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
    """Closes the account: the person is invisible, cannot sign in, and every session ends. Jobs end their follows,
    withdraw their media and hide their words in the events that are kept.

    Their data export and open uploads go; what they wrote stays in place but hidden, and the username and e-mail stay
    taken: erasure is another matter.
    """
    lock_person(user)
    # As a follow does: it is there before this and the job finds it, or it finds the account closed.
    Profile.objects.select_for_update(no_key=True).get(user=user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions_revoke(user=user)
    tell_closing(user)
    owner_closed(user.pk)
    record_job(END_FOLLOWS, user_id=user.pk)
    record_job(BLANK_WORDS, user_id=user.pk)


@transaction.atomic
def rights_change(*, user: User) -> None:
    """Tells sockets that staff have changed what the person may read; this transaction has saved the edit.

    Premium that runs out by itself is told when it does.
    """
    record(RightsChanged(actor=None, user_id=user.pk))
    if user.is_premium:
        record_job(END_PREMIUM, at=user.premium_until, user_id=user.pk)
