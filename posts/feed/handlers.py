"""What feeds do when follows begin and end. A block ends follows, and so needs nothing of its own."""

from accounts.events import FollowCreated, FollowDeleted, MuteDeleted
from realtime.events import on
from realtime.outbox import record_job


@on(FollowCreated)
def add_the_followee(event: FollowCreated) -> None:
    assert event.actor is not None
    record_job("posts.add_followee", follower_id=event.actor["id"], followee_id=event.user_id)


@on(FollowDeleted)
def remove_the_followee(event: FollowDeleted) -> None:
    assert event.actor is not None
    record_job("posts.remove_followee", follower_id=event.actor["id"], followee_id=event.user_id)


@on(MuteDeleted)
def add_what_was_muted(event: MuteDeleted) -> None:
    """What a muted person publishes is not written to whoever muted them: it comes now, if they are still followed."""
    record_job("posts.add_followee", follower_id=event.muter_id, followee_id=event.muted_id)
