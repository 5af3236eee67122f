"""Joining notifications and leaving them, for callers that hold the lock of `lock_people`."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery

from accounts.models import User
from accounts.shapes import actor_of
from posts.events import NotificationCreated, NotificationRead
from posts.models import Notification, NotificationActor
from posts.notifications.deeds import REPEATED, Deed, Subject
from posts.notifications.reads import notification_shape, unread_count
from realtime.outbox import record

CHUNK = 500


def lock_people(ids: Iterable[int]) -> list[User]:
    """Makes all other changes of these people's notifications wait for this one's commit. (SQLite has one writer.)

    By id, so that two who lock several do not wait for each other.
    """
    return list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def join(deed: Deed, subject: Subject, recipient: User, *, done_at: datetime) -> None:
    """RECIPIENT is told of the deed, if they were not told before: in their unread notification of it, or a new one."""
    groups = Notification.objects.filter(recipient=recipient, group_key=subject.group_key)
    before = NotificationActor.objects.filter(notification__in=groups, actor=deed.actor_id).order_by("-id").first()
    if before is not None and (deed.kind not in REPEATED or done_at <= before.created_at):
        return
    group = groups.filter(is_read=False).first()
    added = 1
    if group is None:
        group = Notification.objects.create(
            recipient=recipient,
            kind=deed.kind,
            group_key=subject.group_key,
            post_id=subject.post_id,
            comment_id=subject.comment_id,
            recipe_id=subject.recipe_id,
        )
    elif before is not None and before.notification_id == group.pk:
        before.delete()  # to come first again
        added = 0
    joined = NotificationActor.objects.create(notification=group, actor_id=deed.actor_id)
    group.actor_count += added
    group.updated_at = joined.created_at
    Notification.objects.filter(pk=group.pk).update(actor_count=group.actor_count, updated_at=group.updated_at)
    actor = User.objects.select_related("profile__picture").get(pk=deed.actor_id)
    record(
        NotificationCreated(
            actor=actor_of(actor),
            recipient_id=recipient.pk,
            notification=notification_shape(group, actors=[actor]),
            unread_count=unread_count(recipient.pk),
        )
    )


def leave(subject: Subject, recipient: User, *, actor_id: int) -> None:
    """RECIPIENT's unread notification of it is without that person, and gone when it was theirs alone."""
    groups = Notification.objects.filter(recipient=recipient, group_key=subject.group_key, is_read=False)
    _take_out(groups, recipient.pk, actor_id=actor_id)


def forget(recipient: User, *, actor_id: int) -> None:
    """All notifications of RECIPIENT, the read ones included, are without that person."""
    _take_out(Notification.objects.filter(recipient=recipient), recipient.pk, actor_id=actor_id)


def _take_out(groups: QuerySet[Notification], recipient_id: int, *, actor_id: int) -> None:
    taken = NotificationActor.objects.filter(notification__in=groups, actor=actor_id)
    ids = list(taken.order_by("notification").values_list("notification", flat=True))
    empty: list[int] = []
    for chunk in (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)):
        NotificationActor.objects.filter(notification__in=chunk, actor=actor_id).delete()
        left = Notification.objects.filter(pk__in=chunk)
        empty += left.filter(actor_count=1).values_list("pk", flat=True)
        left.filter(actor_count__gt=1).update(actor_count=F("actor_count") - 1, updated_at=Subquery(_newest))
    take_away(Notification.objects.filter(pk__in=empty), recipient_id)


def take_away(notifications: QuerySet[Notification], recipient_id: int) -> None:
    """Deletes them; the recipient hears of those that were unread. All are that person's."""
    unread = list(notifications.filter(is_read=False).order_by("pk").values_list("pk", flat=True))
    notifications.delete()
    if unread:
        left = unread_count(recipient_id)
        record(NotificationRead(actor=None, recipient_id=recipient_id, ids=unread, unread_count=left))


# When the newest of a notification's actors joined.
_newest = NotificationActor.objects.filter(notification=OuterRef("pk")).order_by("-id").values("created_at")[:1]
