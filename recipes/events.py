"""What happens to recipes and ratings. Recorded by services only; every value is absolute, so a replay does no harm."""

from dataclasses import dataclass
from typing import Any, ClassVar

from realtime.events import Event, register


@dataclass(frozen=True, kw_only=True)
class _RecipeShown(Event):
    """What a card of the recipe shows. `image` is the image shape (media_pipeline/shapes.py) or None.

    `description` is empty when the recipe is premium (`locked`), whoever reads the event.
    """

    heard_on: ClassVar[tuple[str, ...]] = ("recipe:{recipe_id}",)
    content: ClassVar[tuple[str, ...]] = ("name", "description", "image", "tags")

    recipe_id: int
    name: str
    description: str
    locked: bool
    image: dict[str, Any] | None
    tags: list[str]
    version: int


@register
@dataclass(frozen=True, kw_only=True)
class RecipePublished(_RecipeShown):
    """A new recipe; the actor is its seller. `description` is empty of a premium one, which is `locked`."""

    type: ClassVar[str] = "recipe.published"
    heard_on: ClassVar[tuple[str, ...]] = ("recipes", "user:{seller_id}")
    content: ClassVar[tuple[str, ...]] = (*_RecipeShown.content, "seller_id")

    seller_id: int


@register
@dataclass(frozen=True, kw_only=True)
class RecipeUpdated(_RecipeShown):
    """The author changed it (`version` went up), or its image became ready (no actor, the same `version`).

    `description` is empty of a premium one, which is `locked`: who may read it reads the recipe again.
    """

    type: ClassVar[str] = "recipe.updated"


@register
@dataclass(frozen=True, kw_only=True)
class RecipeDeleted(Event):
    """The last event of its channel: afterwards nobody may read it."""

    type: ClassVar[str] = "recipe.deleted"
    reauthorize: ClassVar[bool] = True
    heard_on: ClassVar[tuple[str, ...]] = ("recipe:{recipe_id}",)

    recipe_id: int


@dataclass(frozen=True, kw_only=True)
class _Rating(Event):
    """A rating with the recipe's fresh aggregates: `avg_rating` to two decimals, None when nobody rates it."""

    heard_on: ClassVar[tuple[str, ...]] = ("recipe:{recipe_id}",)
    content: ClassVar[tuple[str, ...]] = ("rating_id", "score", "review")

    recipe_id: int
    rating_id: int
    score: int
    review: str
    avg_rating: float | None
    rating_count: int


@register
@dataclass(frozen=True, kw_only=True)
class RatingCreated(_Rating):
    """Somebody rated the recipe for the first time."""

    type: ClassVar[str] = "rating.created"


@register
@dataclass(frozen=True, kw_only=True)
class RatingUpdated(_Rating):
    """Somebody changed their score or review."""

    type: ClassVar[str] = "rating.updated"


@register
@dataclass(frozen=True, kw_only=True)
class RatingDeleted(_Rating):
    """Somebody took their rating back; `score` is what it was, `review` is empty."""

    type: ClassVar[str] = "rating.deleted"
