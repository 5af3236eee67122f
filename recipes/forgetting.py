"""Words are deleted wherever they were told: those of deleted recipes and ratings, and those that became premium."""

from django.db.models import QuerySet

from realtime.hiding import hide_kept
from realtime.jobs import RunningJob, job
from realtime.models import StreamEvent
from recipes.models import Recipe

BLANK_RECIPE = "recipes.blank_recipe"
BLANK_DESCRIPTION = "recipes.blank_description"
BLANK_REVIEW = "recipes.blank_review"


@job(BLANK_RECIPE, time_limit=60)
def blank_recipe(run: RunningJob, *, recipe_id: int, seller_id: int) -> None:
    """Hides a deleted recipe's name, tags and picture in the events that are kept of it, as if its seller were blocked.

    Looks at the kept events of three channels: one query, and an UPDATE for each event.
    """
    hide_kept(_told_of(recipe_id, seller_id))


@job(BLANK_DESCRIPTION, time_limit=60)
def blank_description(run: RunningJob, *, recipe_id: int, seller_id: int) -> None:
    """Blank the description of a recipe that became premium in the events that were recorded while it was public.

    Two queries, and an UPDATE for each event.
    """
    if not Recipe.objects.filter(pk=recipe_id, visibility=Recipe.Visibility.PREMIUM).exists():
        return  # It is public again, or deleted.
    for event in _told_of(recipe_id, seller_id).filter(data__locked=False).only("data"):
        event.data.update(description="", locked=True)
        event.save(update_fields=["data"])


def _told_of(recipe_id: int, seller_id: int) -> QuerySet[StreamEvent]:
    """The kept events that carry what a card of the recipe shows."""
    return StreamEvent.objects.filter(
        channel__in=["recipes", f"user:{seller_id}", f"recipe:{recipe_id}"],
        type__in=["recipe.published", "recipe.updated"],
        data__recipe_id=recipe_id,
    )


@job(BLANK_REVIEW, time_limit=60)
def blank_review(run: RunningJob, *, recipe_id: int, rating_id: int) -> None:
    """Blanks the words of a rating that was taken back or removed; its scores stay, for counts were told with them.

    One query, and an UPDATE for each event.
    """
    told = StreamEvent.objects.filter(
        channel=f"recipe:{recipe_id}", type__in=["rating.created", "rating.updated"], data__rating_id=rating_id
    )
    for event in told.exclude(data__review="").only("data"):
        event.data["review"] = ""
        event.save(update_fields=["data"])
