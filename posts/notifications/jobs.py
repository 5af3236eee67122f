"""What the workers do for notifications."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from posts.events import NotificationRead
from posts.models import Notification
from posts.notifications.deeds import Deed, concerned_by, subject_of, when_done
from posts.notifications.groups import forget, join, leave, lock_people, take_away
from posts.notifications.reads import unread_count
from realtime.jobs import RunningJob, job
from realtime.outbox import record

FORGET_ACTOR = "posts.forget_notified_actor"
FORGET_COMMENT = "posts.forget_notified_comment"
TELL_GONE = "posts.tell_gone_notifications"
# Read ones are kept as long, counted from their newest actor.
KEPT_FOR = timedelta(days=90)
# How many one DELETE of `trim` takes.
CHUNK = 2_000


@job("posts.notify", time_limit=60)
def settle(
    run: RunningJob,
    *,
    kind: str,
    actor_id: int,
    recipient_id: int | None = None,
    post_id: int | None = None,
    comment_id: int | None = None,
    recipe_id: int | None = None,
) -> None:
    """Brings the notifications of all whom it concerns in line with the truth, which is looked at under their lock.

    So of two jobs about a like and its end, in whatever order, the later one leaves what is true. Costs some ten
    queries for each person: one, or those whom a text mentions.
    """
    deed = Deed(Notification.Kind(kind), actor_id, recipient_id, post_id, comment_id, recipe_id)
    with transaction.atomic():
        subject = subject_of(deed)
        for recipient in lock_people(concerned_by(deed, subject)) if subject else ():
            assert subject is not None
            done_at = when_done(deed, subject, recipient)
            if done_at is None:
                leave(subject, recipient, actor_id=actor_id)
            else:
                join(deed, subject, recipient, done_at=done_at)
        run.done()


@job(FORGET_ACTOR)
def forget_actor(run: RunningJob, *, recipient_id: int, actor_id: int) -> None:
    """Takes a person out of all notifications of another, who has blocked or muted them or was blocked by them."""
    with transaction.atomic():
        for recipient in lock_people([recipient_id]):
            forget(recipient, actor_id=actor_id)
        run.done()


@job(FORGET_COMMENT)
def forget_comment(run: RunningJob, *, comment_id: int) -> None:
    """Deletes all notifications about a comment, for it was deleted."""
    about = Notification.objects.filter(comment=comment_id)
    with transaction.atomic():
        for recipient in lock_people(about.values_list("recipient", flat=True)):
            take_away(about.filter(recipient=recipient), recipient.pk)
        run.done()


@job(TELL_GONE)
def tell_gone(run: RunningJob, *, gone: list[tuple[int, int]]) -> None:
    """Tells people of unread notifications that went with the post they were about: (recipient, notification)."""
    ids: dict[int, list[int]] = {}
    for recipient_id, notification_id in gone:
        ids.setdefault(recipient_id, []).append(notification_id)
    with transaction.atomic():
        for recipient in lock_people(ids):
            left = unread_count(recipient.pk)
            record(NotificationRead(actor=None, recipient_id=recipient.pk, ids=ids[recipient.pk], unread_count=left))
        run.done()


def trim() -> None:
    """Deletes what was read and is old, in chunks. Running it twice at once does no harm."""
    old = Notification.objects.filter(is_read=True, updated_at__lt=timezone.now() - KEPT_FOR)
    while ids := list(old.order_by("updated_at").values_list("pk", flat=True)[:CHUNK]):
        Notification.objects.filter(pk__in=ids).delete()
