"""What an export has of the network: what one wrote, did with what others wrote, and was told of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from core.exports import Row, Rows, in_chunks, register_export
from posts.models import (
    Comment,
    CommentReaction,
    Digest,
    ModerationAction,
    Notification,
    NotificationActor,
    Post,
    PostReaction,
    PostView,
    Report,
    Save,
)
from posts.notifications.reads import SHOWN_ACTORS

_POST = (
    *("id", "kind", "text", "visibility", "status", "publish_at", "published_at", "tag_names"),
    *("announces_id", "recipe_id", "like_count", "dislike_count", "comment_count", "repost_count", "save_count"),
    *("view_count", "created_at", "updated_at"),
)
_COMMENT = (
    *("id", "post_id", "parent_id", "text", "is_deleted", "like_count", "dislike_count", "reply_count"),
    *("created_at", "updated_at"),
)
_NOTIFICATION = (
    *("id", "kind", "post_id", "recipe_id", "comment_id", "actor_count", "is_read", "created_at", "updated_at"),
)
# What staff did that its owner has felt. Decisions about reports would say that there was one.
_FELT = [ModerationAction.Action.REMOVED, ModerationAction.Action.SUSPENDED, ModerationAction.Action.RESTORED]


def register() -> None:
    register_export("posts", posts, about="Your posts, the scheduled ones and announcements of your recipes included.")
    register_export("reposts", reposts, about="What you reposted.")
    register_export("comments", comments, about="Your comments and replies. Of deleted ones the words are gone.")
    register_export("post_reactions", post_reactions, about="Posts and recipes that you like or dislike.")
    register_export("comment_reactions", comment_reactions, about="Comments that you like or dislike.")
    register_export("saves", saves, about="Posts and recipes that you saved.")
    register_export("views", views, about="Posts that you saw today; those of earlier days are forgotten.")
    register_export("notifications", notifications, about="What you were told of, each with the newest who did it.")
    register_export("digests", digests, about="The daily mails of the last 60 days, and what became of each.")
    register_export("reports", reports, about="What you asked staff to look at.")
    register_export("moderation", moderation, about="What staff did to things of yours, or to your account.")


def posts(user: User) -> Rows:
    own = Post.objects.filter(author=user).exclude(kind=Post.Kind.REPOST)
    for post in in_chunks(own.prefetch_related("post_media")):
        media = [media.media_id for media in post.post_media.all()]
        yield {**{name: getattr(post, name) for name in _POST}, "media_ids": media}


def reposts(user: User) -> Rows:
    own = Post.objects.filter(author=user, kind=Post.Kind.REPOST)
    yield from in_chunks(own.values("id", "original_id", "published_at"))


def comments(user: User) -> Rows:
    yield from in_chunks(Comment.objects.filter(author=user).values(*_COMMENT))


def post_reactions(user: User) -> Rows:
    fields = ("id", "kind", "post_id", "created_at")
    yield from in_chunks(PostReaction.objects.filter(user=user).values(*fields, recipe_id=F("post__announces")))


def comment_reactions(user: User) -> Rows:
    yield from in_chunks(CommentReaction.objects.filter(user=user).values("id", "kind", "comment_id", "created_at"))


def saves(user: User) -> Rows:
    own = Save.objects.filter(user=user)
    yield from in_chunks(own.values("id", "post_id", "created_at", recipe_id=F("post__announces")))


def views(user: User) -> Rows:
    yield from in_chunks(PostView.objects.filter(user=user).values("id", "post_id", "day"))


def notifications(user: User) -> Rows:
    """As the list of the API has them: nobody who is hidden from the person, and nothing that only they did."""
    for chunk in _batches(in_chunks(Notification.objects.filter(recipient=user).values(*_NOTIFICATION))):
        shown = _newest_actors(user, [row["id"] for row in chunk])
        yield from ({**row, "actors": shown[row["id"]]} for row in chunk if row["id"] in shown)


def digests(user: User) -> Rows:
    yield from in_chunks(Digest.objects.filter(user=user).values("id", "local_date", "timezone", "state", "created_at"))


def reports(user: User) -> Rows:
    fields = ("id", "target", "target_id", "reason", "note", "status", "created_at", "updated_at")
    yield from in_chunks(Report.objects.filter(reporter=user).values(*fields))


def moderation(user: User) -> Rows:
    """Neither who of the staff it was, nor what they noted."""
    felt = ModerationAction.objects.filter(owner=user, action__in=_FELT)
    yield from in_chunks(felt.values("id", "action", "target", "target_id", "created_at"))


def _newest_actors(user: User, ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Of each of these notifications, those few whom its recipient is shown. One query."""
    place = Window(RowNumber(), partition_by="notification", order_by=F("id").desc())
    actors = NotificationActor.objects.shown_to(user).filter(notification__in=ids).annotate(place=place)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    newest = actors.filter(place__lte=SHOWN_ACTORS).order_by("notification", "-id")
    for notification, actor, username in newest.values_list("notification", "actor", "actor__username"):
        found[notification].append({"user_id": actor, "username": username})
    return found


def _batches(rows: Iterable[Row], size: int = 200) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch
