"""What notifications do when something happens below them, in the same transaction."""

from accounts.events import BlockCreated, FollowCreated, FollowDeleted, MuteCreated
from posts.events import CommentDeleted, PostDeleted
from posts.models import Notification
from posts.notifications.groups import CHUNK
from posts.notifications.jobs import FORGET_ACTOR, FORGET_COMMENT, TELL_GONE
from posts.notify import notify
from realtime.events import on
from realtime.outbox import record_job
from recipes.events import RatingCreated, RatingDeleted

Kind = Notification.Kind


@on(FollowCreated)
def tell_of_follow(event: FollowCreated) -> None:
    if event.actor is not None:
        notify(Kind.FOLLOW, actor_id=event.actor["id"], recipient_id=event.user_id)


@on(FollowDeleted)
def take_back_follow(event: FollowDeleted) -> None:
    if event.actor is not None:
        notify(Kind.FOLLOW, actor_id=event.actor["id"], recipient_id=event.user_id)


@on(RatingCreated)
def tell_of_rating(event: RatingCreated) -> None:
    """The first time: a rating that is changed is no news."""
    if event.actor is not None:
        notify(Kind.RATING, actor_id=event.actor["id"], recipe_id=event.recipe_id)


@on(RatingDeleted)
def take_back_rating(event: RatingDeleted) -> None:
    if event.actor is not None:
        notify(Kind.RATING, actor_id=event.actor["id"], recipe_id=event.recipe_id)


@on(CommentDeleted)
def forget_the_deleted(event: CommentDeleted) -> None:
    """A tombstone; what is deleted whole takes its notifications along."""
    record_job(FORGET_COMMENT, comment_id=event.comment_id)


@on(PostDeleted)
def tell_what_goes_with_the_post(event: PostDeleted) -> None:
    """The rows go with the post, which is still there: their recipients are told by jobs, in chunks."""
    unread = Notification.objects.filter(post=event.post_id, is_read=False).order_by("recipient", "pk")
    gone = list(unread.values_list("recipient", "pk"))
    for start in range(0, len(gone), CHUNK):
        record_job(TELL_GONE, gone=gone[start : start + CHUNK])


@on(BlockCreated)
def forget_each_other(event: BlockCreated) -> None:
    _forget(event.blocker_id, event.blocked_id)
    _forget(event.blocked_id, event.blocker_id)


@on(MuteCreated)
def forget_the_muted(event: MuteCreated) -> None:
    _forget(event.muter_id, event.muted_id)


def _forget(recipient_id: int, actor_id: int) -> None:
    """By a job: a notification that another one is writing right now would be overlooked here."""
    record_job(FORGET_ACTOR, recipient_id=recipient_id, actor_id=actor_id)
