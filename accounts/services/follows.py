"""Following. The counters change in the transaction of the row that they count, and only when there is one."""

from django.db import transaction
from django.db.models import Case, F, Value, When

from accounts.events import FollowCreated, FollowDeleted
from accounts.models import Follow, Profile, User
from accounts.shapes import actor_of
from core.errors import Invalid, NotFound
from realtime.outbox import record


@transaction.atomic
def follow(*, follower: User, followee: User) -> int:
    """`follower` follows `followee` from now on; nothing happens if so before. Returns the followee's follower_count.

    Raises Invalid of oneself. `follower` needs `profile__picture` loaded.
    """
    if follower.pk == followee.pk:
        raise Invalid("You cannot follow yourself.", code="follow_oneself")
    count = _lock(follower, followee)
    if Follow.objects.filter(follower=follower, followee=followee).exists():
        return count
    Follow.objects.create(follower=follower, followee=followee)
    _count(follower, followee, +1)
    record(FollowCreated(actor=actor_of(follower), user_id=followee.pk, follower_count=count + 1))
    return count + 1


@transaction.atomic
def unfollow(*, follower: User, followee: User) -> int:
    """`follower` follows `followee` no longer; nothing happens if not before. Returns the followee's follower_count."""
    count = _lock(follower, followee)
    deleted, _ = Follow.objects.filter(follower=follower, followee=followee).delete()
    if not deleted:
        return count
    _count(follower, followee, -1)
    record(FollowDeleted(actor=actor_of(follower), user_id=followee.pk, follower_count=count - 1))
    return count - 1


def _lock(follower: User, followee: User) -> int:
    """Makes the follows of either wait for this one's commit; the followee's follower_count.

    By id: two who follow each other at the same time lock the two rows in the same order.
    """
    rows = Profile.objects.select_for_update().filter(pk__in=(follower.pk, followee.pk)).order_by("pk")
    counts = dict(rows.values_list("pk", "follower_count"))
    if followee.pk not in counts or follower.pk not in counts:
        raise NotFound("There is no such person.")
    return counts[followee.pk]


def _count(follower: User, followee: User, change: int) -> None:
    """One statement for both rows."""
    Profile.objects.filter(pk__in=(follower.pk, followee.pk)).update(
        follower_count=F("follower_count") + Case(When(pk=followee.pk, then=Value(change)), default=Value(0)),
        following_count=F("following_count") + Case(When(pk=follower.pk, then=Value(change)), default=Value(0)),
    )
