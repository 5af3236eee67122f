"""Following. The counters change in the transaction of the row that they count, and only when there is one."""

from django.db import transaction

from accounts.events import FollowCreated, FollowDeleted, RightsChanged
from accounts.follow_counts import Standing, count_follow, lock_pair
from accounts.models import Follow, User
from accounts.shapes import actor_of
from core.errors import Conflict, Invalid, NotFound
from realtime.outbox import record


@transaction.atomic
def follow(*, follower: User, followee: User) -> int:
    """`follower` follows `followee` from now on; nothing happens if so before. Returns the followee's follower_count.

    Raises Invalid of oneself, NotFound when the followee has blocked the follower, Conflict (`blocked`) when the
    follower has blocked the followee. `follower` needs `profile__picture` loaded.
    """
    if follower.pk == followee.pk:
        raise Invalid("You cannot follow yourself.", code="follow_oneself")
    before, of_followee = lock_both(follower, followee)
    if of_followee.blocks:
        raise NotFound("There is no such person.")
    if before.blocks:
        raise Conflict("You have blocked this person: unblock them first.", code="blocked")
    count = of_followee.follower_count
    if before.follows:
        return count
    Follow.objects.create(follower=follower, followee=followee)
    count_follow(follower=follower.pk, followee=followee.pk, change=+1)
    record(FollowCreated(actor=actor_of(follower), user_id=followee.pk, follower_count=count + 1))
    return count + 1


@transaction.atomic
def unfollow(*, follower: User, followee: User) -> int:
    """`follower` follows `followee` no longer; nothing happens if not before. Returns the followee's follower_count."""
    if follower.pk == followee.pk:
        return follower.profile.follower_count
    before, of_followee = lock_both(follower, followee)
    count = of_followee.follower_count
    if not before.follows:
        return count
    end_follow(follower=follower, followee=followee, follower_count=count - 1)
    record(RightsChanged(actor=None, user_id=follower.pk))
    return count - 1


def lock_both(one: User, other: User) -> tuple[Standing, Standing]:
    """`lock_pair` of two people; NotFound when one of them has closed the account."""
    found = lock_pair(one.pk, other.pk)
    if len(found) < 2:
        raise NotFound("There is no such person.")
    return found[one.pk], found[other.pk]


def end_follow(*, follower: User, followee: User, follower_count: int) -> None:
    """Deletes a follow that is there, for callers that hold the lock. `follower_count`: the followee's, afterwards."""
    Follow.objects.filter(follower=follower, followee=followee).delete()
    count_follow(follower=follower.pk, followee=followee.pk, change=-1)
    record(FollowDeleted(actor=actor_of(follower), user_id=followee.pk, follower_count=follower_count))
