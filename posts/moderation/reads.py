"""The queue and the audit as staff read them: of everything, whatever blocks there are."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from accounts.shapes import short_user
from posts.models import ModerationAction, Report

# How much of a text the queue shows.
SHORT = 280

_REPORT = ("id", "target", "target_id", "reason", "note", "status", "created_at", "updated_at")
# For each target: the columns of its words, and of whose they are.
_THINGS: dict[str, tuple[str, str]] = {
    "post": ("post__text", "post__author_id"),
    "comment": ("comment__text", "comment__author_id"),
    "recipe": ("recipe__name", "recipe__seller_id"),
    "user": ("user__profile__bio", "user_id"),
}
_ACTION = ("id", "action", "target", "target_id", "report_id", "note", "created_at")


def report_rows(reports: QuerySet[Report]) -> QuerySet[Report, dict[str, Any]]:
    """REPORTS as rows for `report_shapes`: one query."""
    things = (name for columns in _THINGS.values() for name in columns)
    rows: QuerySet[Report, dict[str, Any]] = reports.values(*_REPORT, "reporter_id", *things)
    return rows


def report_shapes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One query, for the people."""
    rows = list(rows)
    people = _people(row[name] for row in rows for name in ("reporter_id", *(owner for _, owner in _THINGS.values())))
    return [
        {
            **own_report_shape(row),
            "reporter": people.get(row["reporter_id"]),
            "thing": _thing(row, people),
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def own_report_shape(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the one who reported sees."""
    return {name: row[name] for name in _REPORT if name != "updated_at"}


def action_rows(actions: QuerySet[ModerationAction]) -> QuerySet[ModerationAction, dict[str, Any]]:
    """ACTIONS as rows for `action_shapes`: one query."""
    rows: QuerySet[ModerationAction, dict[str, Any]] = actions.values(*_ACTION, "moderator_id", "owner_id")
    return rows


def action_shapes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One query, for the people."""
    rows = list(rows)
    people = _people(row[name] for row in rows for name in ("moderator_id", "owner_id"))
    return [
        {
            **{name: row[name] for name in _ACTION},
            "moderator": people.get(row["moderator_id"]),
            "owner": people.get(row["owner_id"]),
        }
        for row in rows
    ]


def _thing(row: Mapping[str, Any], people: Mapping[int | None, Any]) -> dict[str, Any] | None:
    """None when it is deleted; of a comment that is only its words."""
    words, owner = _THINGS[row["target"]]
    if row[owner] is None:
        return None
    return {"text": row[words][:SHORT], "owner": people.get(row[owner])}


def _people(ids: Iterable[int | None]) -> dict[int | None, dict[str, Any]]:
    wanted = {person for person in ids if person is not None}
    people = User.objects.select_related("profile__picture").in_bulk(wanted) if wanted else {}
    return {person: short_user(user) for person, user in people.items()}
