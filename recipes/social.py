"""The social part of a recipe's shape: likes, comments, saves. It is known above this app, which is told here how.

A higher app calls `register_social` in its `AppConfig.ready()`, before the first query of recipes is compiled: each
process compiles them once (core/prepared.py). While nobody has registered, every recipe has zeros.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from recipes.models import Recipe

Row = Mapping[str, Any]
# (recipes, viewer) -> recipes. VIEWER has a `pk`, which is a Parameter in a query that is compiled for all viewers.
Annotate = Callable[[QuerySet[Recipe], Any], QuerySet[Recipe]]

_NOTHING = {"like_count": 0, "comment_count": 0, "is_liked": False, "is_saved": False, "post_id": None}


@dataclass(frozen=True)
class _Social:
    fields: tuple[str, ...]
    viewer_fields: tuple[str, ...]
    annotate: Annotate
    shape: Callable[[Row], dict[str, Any]]


_social = _Social((), (), lambda recipes, viewer: recipes, lambda row: dict(_NOTHING))


def register_social(
    *,
    fields: Sequence[str],
    annotate: Annotate,
    shape: Callable[[Row], dict[str, Any]],
    viewer_fields: Sequence[str] = (),
) -> None:
    """Tells how the social fields are read and shown; the query stays one.

    fields         what `.values()` reads for every viewer, such as "announcement__like_count"
    annotate       adds the aliases that `viewer_fields` name, such as a FilteredRelation of the viewer's own reaction;
                   called for signed-in viewers only
    viewer_fields  what `.values()` reads for a signed-in viewer beside `fields`; an anonymous one's row lacks it
    shape          of such a row, `like_count`, `comment_count`, `is_liked`, `is_saved` and `post_id`: all of them
    """
    global _social
    _social = _Social(tuple(fields), tuple(viewer_fields), annotate, shape)


def social_fields(viewer: Any) -> tuple[str, ...]:
    """What `.values()` has to name for `social_shape`."""
    return _social.fields if viewer.pk is None else (*_social.fields, *_social.viewer_fields)


def with_social(recipes: QuerySet[Recipe], viewer: Any) -> QuerySet[Recipe]:
    """RECIPES with the aliases that `social_fields(viewer)` needs."""
    return recipes if viewer.pk is None else _social.annotate(recipes, viewer)


def social_shape(row: Row) -> dict[str, Any]:
    """The social fields of a row that holds `social_fields(viewer)`."""
    return _social.shape(row)
