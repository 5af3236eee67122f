"""Follows and the counters of both sides, kept together: each function is part of the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Case, Exists, F, OuterRef, Value, When

from accounts.models import Block, Follow, Profile, User


@dataclass(frozen=True)
class Standing:
    """How one of two people stands to the other. `follower_count` is their own."""

    follower_count: int
    follows: bool
    blocks: bool


def lock_pair(one: int, other: int) -> dict[int, Standing]:
    """Makes whatever is between the two people wait for this one's commit; how each stands to the other, by id.

    Whoever has closed the account is missing. By id: two who follow each other at the same time lock the two rows in
    the same order. Two queries.
    """
    pair = (one, other)
    rows = Profile.objects.select_for_update(no_key=True).filter(pk__in=pair).order_by("pk")
    counts = dict(rows.values_list("pk", "follower_count"))
    # A statement of its own: this one sees what was committed while the first one waited.
    people = User.objects.filter(pk__in=pair, is_active=True).values_list(
        "pk",
        Exists(Follow.objects.filter(follower=OuterRef("pk"), followee__in=pair)),
        Exists(Block.objects.filter(blocker=OuterRef("pk"), blocked__in=pair)),
    )
    return {pk: Standing(counts[pk], follows, blocks) for pk, follows, blocks in people}


def count_follow(*, follower: int, followee: int, change: int) -> None:
    """One statement for both rows."""
    Profile.objects.filter(pk__in=(follower, followee)).update(
        follower_count=F("follower_count") + Case(When(pk=followee, then=Value(change)), default=Value(0)),
        following_count=F("following_count") + Case(When(pk=follower, then=Value(change)), default=Value(0)),
    )


def count_unfollowed(*, person: int, followees: Collection[int], followers: Collection[int]) -> None:
    """`person` follows FOLLOWEES no longer, and FOLLOWERS follow `person` no longer: three statements."""
    Profile.objects.filter(pk__in=followees).update(follower_count=F("follower_count") - 1)
    Profile.objects.filter(pk__in=followers).update(following_count=F("following_count") - 1)
    Profile.objects.filter(pk=person).update(
        follower_count=F("follower_count") - len(followers),
        following_count=F("following_count") - len(followees),
    )
