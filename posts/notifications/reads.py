"""Notifications as their recipient reads them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db.models import BigAutoField, Count, Exists, OuterRef, QuerySet, Subquery

from accounts.models import User
from accounts.shapes import short_user
from core.prepared import Parameter, Prepared, PreparedPages
from posts.models import Notification, NotificationActor
from recipes.reads import SIGNED_IN

# How many of its actors a notification shows.
SHOWN_ACTORS = 3

_PLACES = tuple(f"actor_{place}" for place in range(SHOWN_ACTORS))
_FIELDS = (
    *("id", "kind", "actor_count", "post_id", "recipe_id", "comment_id", "is_read", "created_at", "updated_at"),
    *_PLACES,
)


def build(plan: None, beyond: Mapping[str, Parameter]) -> QuerySet[Notification, dict[str, Any]]:
    """The rows of a person's list, with the ids of the newest actors: each is one step in an index, however many."""
    shown = NotificationActor.objects.shown_to(SIGNED_IN).filter(notification=OuterRef("pk")).order_by("-id")
    newest = {name: Subquery(shown.values("actor")[place : place + 1]) for place, name in enumerate(_PLACES)}
    notifications = Notification.objects.filter(Exists(shown), recipient=Parameter("viewer", BigAutoField()))
    rows: QuerySet[Notification, dict[str, Any]] = notifications.annotate(**newest).values(*_FIELDS)
    return rows


PAGES = PreparedPages[Notification, None](build, order=("-updated_at", "-id"))


def notification_shapes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The shapes of rows of PAGES. One query."""
    rows = list(rows)
    ids = {row[name] for row in rows for name in _PLACES if row[name] is not None}
    people = User.objects.select_related("profile__picture").in_bulk(ids) if ids else {}
    return [_shape(row, [people[row[name]] for name in _PLACES if row[name] in people]) for row in rows]


def notification_shape(notification: Notification, *, actors: Sequence[User]) -> dict[str, Any]:
    """The same for an event: JSON types only. ACTORS need `profile__picture` loaded."""
    shape = _shape({name: getattr(notification, name) for name in _FIELDS if name not in _PLACES}, actors)
    return {**shape, **{name: shape[name].isoformat() for name in ("created_at", "updated_at")}}


def _shape(row: Mapping[str, Any], actors: Sequence[User]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "kind")},
        "actors": [short_user(actor) for actor in actors],
        **{name: row[name] for name in _FIELDS if name not in ("id", "kind", *_PLACES)},
    }


def unread_count(user_id: int) -> int:
    """How many unread notifications that person has, of people whom they hear of. One query."""
    rows = _unread().fetch({"viewer": user_id}, limit=1)
    return rows[0]["count"] if rows else 0


@cache
def _unread() -> Prepared:
    """Asked at every sign-in and look at oneself: building the query took longer than running it."""
    shown = NotificationActor.objects.shown_to(SIGNED_IN).filter(notification=OuterRef("pk"))
    unread = Notification.objects.filter(Exists(shown), recipient=Parameter("viewer", BigAutoField()), is_read=False)
    return Prepared(unread.order_by().values("recipient").annotate(count=Count("pk")).values("count"))
