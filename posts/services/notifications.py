"""Reading one's notifications."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from posts.events import NotificationRead
from posts.models import Notification
from posts.notifications.groups import lock_people
from posts.notifications.reads import unread_count
from realtime.outbox import record


@transaction.atomic
def notifications_read(*, user: User, ids: Sequence[int] = (), up_to: int | None = None) -> int:
    """Those of `ids`, and `up_to` with all that are older in the list, are read. How many are still unread.

    Ids that are not theirs, or read before, are passed over; no event when nothing changes.
    """
    lock_people([user.pk])
    unread = Notification.objects.filter(recipient=user, is_read=False)
    wanted = Q(pk__in=ids)
    last = Notification.objects.filter(recipient=user, pk=up_to).first() if up_to is not None else None
    if last is not None:
        wanted |= Q(updated_at__lt=last.updated_at) | Q(updated_at=last.updated_at, pk__lte=last.pk)
    read = list(unread.filter(wanted).order_by("pk").values_list("pk", flat=True))
    unread.filter(pk__in=read).update(is_read=True)
    left = unread_count(user.pk)
    if read:
        record(NotificationRead(actor=None, recipient_id=user.pk, ids=read, unread_count=left))
    return left
