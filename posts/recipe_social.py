"""The social part of a recipe's shape: that of its announcement."""

from collections.abc import Mapping
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from posts.models import Reaction
from recipes.models import Recipe

FIELDS = ("announcement__id", "announcement__like_count", "announcement__comment_count")
VIEWER_FIELDS = ("own_reaction__kind", "own_save__id")


def annotate(recipes: QuerySet[Recipe], viewer: Any) -> QuerySet[Recipe]:
    reactions, saves = "announcement__reactions", "announcement__saves"
    return recipes.alias(
        own_reaction=FilteredRelation(reactions, condition=Q(**{f"{reactions}__user": viewer.pk})),
        own_save=FilteredRelation(saves, condition=Q(**{f"{saves}__user": viewer.pk})),
    )


def shape(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "like_count": row["announcement__like_count"] or 0,
        "comment_count": row["announcement__comment_count"] or 0,
        "is_liked": row.get("own_reaction__kind") == Reaction.LIKE,
        "is_saved": row.get("own_save__id") is not None,
        "post_id": row["announcement__id"],
    }
