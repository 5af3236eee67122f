"""What one person did that concerns another, and whether it is so now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import Follow, User, unmuted
from posts.models import Comment, CommentReaction, Notification, Post, PostReaction, Reaction
from posts.text import mentions
from recipes.models import Rating, Recipe

Kind = Notification.Kind
# Of one text; who is named after that is not told.
MENTIONED_MAX = 50
# Of these, the same person may do several to the same thing, and each is news.
REPEATED = {Kind.COMMENT, Kind.REPLY}


@dataclass(frozen=True)
class Deed:
    """What a job was asked to look at: see `posts.notify.notify`. It may have been taken back since."""

    kind: Notification.Kind
    actor_id: int
    recipient_id: int | None = None
    post_id: int | None = None
    comment_id: int | None = None
    recipe_id: int | None = None


@dataclass(frozen=True)
class Subject:
    """What a deed is about; `owner_id` is whom that concerns, None of a text that names people."""

    group_key: str
    owner_id: int | None
    post_id: int | None = None
    comment_id: int | None = None
    recipe_id: int | None = None


def subject_of(deed: Deed) -> Subject | None:
    """None when the thing is gone, and its notifications with it. One query, none for a follow."""
    if deed.kind == Kind.FOLLOW:
        return Subject("follow", deed.recipient_id)
    if deed.recipe_id is not None and deed.kind == Kind.RATING:
        return _recipe_rated(deed.recipe_id)
    if deed.comment_id is not None and deed.kind in (Kind.LIKE, Kind.REPLY, Kind.MENTION):
        return _comment_of(deed.kind, deed.comment_id)
    assert deed.post_id is not None, f"a {deed.kind} of no post"
    return _post_of(deed.kind, deed.post_id)


def _recipe_rated(recipe_id: int) -> Subject | None:
    recipe = Recipe.objects.filter(pk=recipe_id).first()
    return Subject(f"rating:recipe:{recipe_id}", recipe.seller_id, recipe_id=recipe_id) if recipe else None


def _comment_of(kind: Notification.Kind, comment_id: int) -> Subject | None:
    comment = Comment.objects.select_related("post").filter(pk=comment_id).first()
    if comment is None:
        return None
    return Subject(
        f"{kind}:comment:{comment_id}",
        None if kind == Kind.MENTION else comment.author_id,
        post_id=comment.post_id,
        comment_id=comment_id,
        recipe_id=comment.post.announces_id,
    )


def _post_of(kind: Notification.Kind, post_id: int) -> Subject | None:
    post = Post.objects.filter(pk=post_id).first()
    if post is None:
        return None
    return Subject(
        f"{kind}:post:{post_id}",
        None if kind == Kind.MENTION else post.author_id,
        post_id=post_id,
        recipe_id=post.announces_id,
    )


def concerned_by(deed: Deed, subject: Subject) -> set[int]:
    """The ids of all who ought to be told of it, or were: never the actor."""
    if subject.owner_id is not None:
        people = {subject.owner_id}
    else:
        told = Notification.objects.filter(group_key=subject.group_key, **_about(subject))
        people = {*_mentioned(subject), *told.values_list("recipient", flat=True)}
    return people - {deed.actor_id}


def when_done(deed: Deed, subject: Subject, recipient: User) -> datetime | None:
    """When the actor did it last; None when it was taken back, or RECIPIENT is not to hear of it.

    Nobody hears of what they cannot see, nor from whom they have blocked or muted or who has blocked them. At most four
    queries.
    """
    done = _rows(deed, subject).order_by("-created_at").values_list("created_at", flat=True).first()
    if done is None or not recipient.is_active:
        return None
    if subject.owner_id is None and recipient.pk not in _mentioned(subject):
        return None
    actors = User.objects.listed_for(recipient).filter(unmuted(recipient, "pk"), pk=deed.actor_id)
    return done if actors.exists() and _is_visible(subject, recipient) else None


def _rows(deed: Deed, subject: Subject) -> QuerySet[Any, Any]:
    """The rows that are the deed."""
    actor, post, comment = deed.actor_id, subject.post_id, subject.comment_id
    rows: dict[Notification.Kind, QuerySet[Any, Any]] = {
        Kind.LIKE: CommentReaction.objects.filter(user=actor, comment=comment, kind=Reaction.LIKE)
        if comment is not None
        else PostReaction.objects.filter(user=actor, post=post, kind=Reaction.LIKE),
        Kind.COMMENT: Comment.objects.filter(author=actor, post=post, parent=None, is_deleted=False),
        Kind.REPLY: Comment.objects.filter(author=actor, parent=comment, is_deleted=False),
        Kind.MENTION: _text(subject).filter(author=actor),
        Kind.REPOST: Post.objects.filter(author=actor, original=post, kind=Post.Kind.REPOST),
        Kind.RATING: Rating.objects.filter(user=actor, recipe=subject.recipe_id),
        Kind.FOLLOW: Follow.objects.filter(follower=actor, followee=subject.owner_id),
    }
    return rows[deed.kind]


def _is_visible(subject: Subject, viewer: User) -> bool:
    if subject.comment_id is not None:
        # A tombstone concerns nobody any more.
        return Comment.objects.visible_to(viewer).filter(pk=subject.comment_id, is_deleted=False).exists()
    if subject.post_id is not None:
        return Post.objects.visible_to(viewer).filter(pk=subject.post_id).exists()
    if subject.recipe_id is not None:
        return Recipe.objects.visible_to(viewer).filter(pk=subject.recipe_id).exists()
    return True


def _mentioned(subject: Subject) -> set[int]:
    """Whom the text names, as it is now."""
    text = _text(subject).values_list("text", flat=True).first()
    names = mentions(text or "")[:MENTIONED_MAX]
    people = User.objects.alias(username_ci=Lower("username")).filter(username_ci__in=names)
    return set(people.values_list("pk", flat=True)) if names else set()


def _text(subject: Subject) -> QuerySet[Any, Any]:
    """The row that holds the text which names people: a comment or a post."""
    if subject.comment_id is not None:
        return Comment.objects.filter(pk=subject.comment_id)
    return Post.objects.filter(pk=subject.post_id or 0)


def _about(subject: Subject) -> dict[str, int | None]:
    """An indexed column of the notifications of that subject."""
    if subject.comment_id is not None:
        return {"comment": subject.comment_id}
    return {"post": subject.post_id}
