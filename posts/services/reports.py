"""Asking staff to look at something."""

from django.db import transaction

from accounts.models import User
from core.errors import Invalid
from posts.models import Report
from posts.moderation.things import visible_thing


@transaction.atomic
def report_create(*, user: User, target: str, thing_id: int, reason: str, note: str = "") -> tuple[Report, bool]:
    """The report, and whether it is new: one's report of the same thing that is still open is given back as it is.

    Raises NotFound for what `user` may not see, Invalid (`report_oneself`) for what is their own.
    """
    thing = visible_thing(target, thing_id, user)
    if thing.owner_id == user.pk:
        raise Invalid("You cannot report yourself or what is yours.", code="report_oneself")
    return Report.objects.get_or_create(
        reporter=user,
        target=thing.target,
        target_id=thing.id,
        status=Report.Status.OPEN,
        defaults={f"{thing.target}_id": thing.id, "reason": reason, "note": note},
    )
