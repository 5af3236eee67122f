"""What staff do to people: suspend, let back in, give premium."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Profile, User
from accounts.services.profiles import lock_person, rights_change, user_deactivate
from accounts.staff import audit
from core.errors import Conflict, Forbidden
from media_pipeline.owners import owner_restored


@transaction.atomic
def user_suspend(*, moderator: User, user: User) -> None:
    """Closes the account as `user_deactivate` does, and says so in the audit.

    Raises Forbidden (`admins_only`, `own_thing`), Conflict (`already_gone`) when it is closed already.
    """
    _require_admin(moderator)
    if user.pk == moderator.pk:
        raise Forbidden("Somebody else has to decide about you.", code="own_thing")
    if not user.is_active:
        raise Conflict(f"The account of {user} is closed already.", code="already_gone")
    user_deactivate(user=user)
    audit(moderator, user, "suspended")


@transaction.atomic
def user_restore(*, moderator: User, user: User) -> None:
    """Opens a closed account again, with all that the person wrote; a job puts their media back. Sessions, follows and
    uploads that ended do not come back.

    Raises Forbidden (`admins_only`), Conflict (`not_closed`).
    """
    _require_admin(moderator)
    lock_person(user)
    # As closing does: its jobs find the account open, or this finds them done.
    Profile.objects.select_for_update(no_key=True).get(user=user)
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        raise Conflict(f"The account of {user} is open.", code="not_closed")
    user.is_active = True
    owner_restored(user.pk)
    audit(moderator, user, "restored")


@transaction.atomic
def premium_grant(*, user: User, days: int) -> None:
    """Premium for so many days more, from now or from when it would have ended. Sockets hear of it."""
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    begins = max(timezone.now(), locked.premium_until or timezone.now())
    locked.premium_until = begins + timedelta(days=days)
    locked.save(update_fields=["premium_until"])
    rights_change(user=locked)


@transaction.atomic
def premium_end(*, user: User) -> bool:
    """Ends premium now. Whether there was any."""
    if not User.objects.filter(pk=user.pk, premium_until__gt=timezone.now()).update(premium_until=timezone.now()):
        return False
    user.refresh_from_db(fields=["premium_until"])
    rights_change(user=user)
    return True


def _require_admin(moderator: User) -> None:
    if not (moderator.is_superuser or moderator.staff_role == User.StaffRole.ADMIN):
        raise Forbidden("Only admins suspend people and let them back in.", code="admins_only")
