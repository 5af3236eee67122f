"""Blocking: two people who see nothing of each other any more."""

from django.db import transaction

from accounts.events import BlockCreated, BlockDeleted, RightsChanged
from accounts.models import Block, User
from accounts.services.follows import end_follow, lock_both
from accounts.shapes import actor_of
from core.errors import Invalid
from realtime.outbox import record


@transaction.atomic
def block(*, blocker: User, blocked: User) -> None:
    """`blocker` blocks `blocked`; nothing happens if so before. Follows between the two end, both ways.

    It does not matter whether the other one blocks, too. The blocked person hears that their rights have changed, not
    why. Raises Invalid of oneself, NotFound when one of the two has closed the account.
    """
    if blocker.pk == blocked.pk:
        raise Invalid("You cannot block yourself.", code="block_oneself")
    own, others = lock_both(blocker, blocked)
    if own.blocks:
        return
    Block.objects.create(blocker=blocker, blocked=blocked)
    if own.follows:
        end_follow(follower=blocker, followee=blocked, follower_count=others.follower_count - 1)
    if others.follows:
        end_follow(follower=blocked, followee=blocker, follower_count=own.follower_count - 1)
    record(BlockCreated(actor=actor_of(blocker), blocker_id=blocker.pk, blocked_id=blocked.pk))
    record(RightsChanged(actor=None, user_id=blocked.pk))


@transaction.atomic
def unblock(*, blocker: User, blocked: User) -> None:
    """Takes the block away; nothing happens when there is none. Follows that it ended do not come back."""
    deleted, _ = Block.objects.filter(blocker=blocker, blocked=blocked).delete()
    if deleted:
        record(BlockDeleted(actor=actor_of(blocker), blocker_id=blocker.pk, blocked_id=blocked.pk))
        record(RightsChanged(actor=None, user_id=blocked.pk))
