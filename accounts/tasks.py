"""What the workers do for people: what is left of a closed account goes, and premium that has run out is told of."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import mailing
from accounts.backups import jobs as backup_jobs
from accounts.events import FollowDeleted, RightsChanged
from accounts.follow_counts import count_unfollowed
from accounts.models import Follow, Profile, User
from accounts.shapes import actor_of
from realtime.events import EVENTS
from realtime.hiding import hide_kept
from realtime.jobs import RunningJob, job
from realtime.models import StreamEvent
from realtime.outbox import record

__all__ = ["backup_jobs", "mailing"]

BLANK_WORDS = "accounts.blank_words"
END_FOLLOWS = "accounts.end_follows"
END_PREMIUM = "accounts.end_premium"
# So many rows are locked at a time: a short wait for whoever follows one of them meanwhile.
CHUNK = 500


@job(END_FOLLOWS, queue="follows", time_limit=600)
def end_follows(run: RunningJob, *, user_id: int) -> None:
    """Ends all follows of and by a closed account, so that nobody counts it any more.

    In chunks with a transaction each: killed anywhere and run again, it goes on with what is left. Does nothing when
    the account was opened again meanwhile.
    """
    user = User.objects.select_related("profile__picture").get(pk=user_id)
    while not User.objects.filter(pk=user_id, is_active=True).exists() and _end_some(user):
        pass
    run.done()


@job(BLANK_WORDS, time_limit=600)
def blank_words(run: RunningJob, *, user_id: int) -> None:
    """What a closed account said is hidden in the events that are kept, too, so that no recovery brings it to anybody.

    Does nothing when the account was opened again meanwhile. Reads all that is kept, and has an UPDATE for each event.
    """
    if User.objects.filter(pk=user_id, is_active=True).exists():
        return
    worded = [event_type for event_type, event_class in EVENTS.items() if event_class.content]
    hide_kept(StreamEvent.objects.filter(Q(actor_id=user_id) | Q(author_id=user_id), type__in=worded))


@transaction.atomic
def _end_some(user: User) -> bool:
    """Whether there were any left."""
    ids = [
        *Follow.objects.filter(follower=user).order_by("pk").values_list("pk", flat=True)[:CHUNK],
        *Follow.objects.filter(followee=user).order_by("pk").values_list("pk", flat=True)[:CHUNK],
    ]
    if not ids:
        return False
    people = Follow.objects.filter(pk__in=ids).values_list("follower", "followee")
    touched = {user.pk}.union(*people)
    counts = dict(
        Profile.objects.select_for_update(no_key=True)
        .filter(pk__in=touched)
        .order_by("pk")
        .values_list("pk", "follower_count")
    )
    # Once the locks are held: some may have been ended by a block meanwhile.
    follows = list(Follow.objects.filter(pk__in=ids))
    followees = [follow.followee_id for follow in follows if follow.follower_id == user.pk]
    followers = [follow.follower_id for follow in follows if follow.followee_id == user.pk]
    Follow.objects.filter(pk__in=[follow.pk for follow in follows]).delete()
    count_unfollowed(person=user.pk, followees=followees, followers=followers)
    _tell(user, followees, counts)
    return True


def _tell(user: User, followees: Sequence[int], counts: dict[int, int]) -> None:
    """The followed hear of it; on the closed account's own channel nobody could."""
    for followee in followees:
        record(FollowDeleted(actor=actor_of(user), user_id=followee, follower_count=counts[followee] - 1))


@job(END_PREMIUM)
def end_premium(run: RunningJob, *, user_id: int) -> None:
    """Tells the person's sockets that their premium is over, at the time of its end; not if it was prolonged."""
    with transaction.atomic():
        if not User.objects.filter(pk=user_id, premium_until__gt=timezone.now()).exists():
            record(RightsChanged(actor=None, user_id=user_id))
        run.done()
