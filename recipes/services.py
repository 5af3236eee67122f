"""Every write to recipes and ratings. Each records its event after the statement that locks the recipe."""

from contextlib import suppress
from functools import cache
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import BigAutoField, F
from django.utils import timezone

from accounts.models import Profile, User
from accounts.shapes import actor_of
from core.errors import Forbidden, Invalid, NotFound
from core.prepared import Parameter, PreparedInstance
from core.versions import require_version
from media_pipeline.models import Media
from media_pipeline.services import image_create, media_discard
from media_pipeline.shapes import image_shape
from realtime.outbox import record, record_job
from recipes.aggregates import Aggregates, add_to_recipe, insert_rating
from recipes.events import RatingCreated, RatingDeleted, RatingUpdated, RecipeDeleted, RecipePublished, RecipeUpdated
from recipes.forgetting import BLANK_DESCRIPTION, BLANK_RECIPE, BLANK_REVIEW
from recipes.models import Ingredient, Rating, Recipe, RecipeTag, Step, Tag
from recipes.quantities import Line
from recipes.removals import audit_removal

_FIELDS = ("name", "description", "visibility", "servings", "prep_minutes", "cook_minutes")


class RecipeContent(TypedDict, total=False):
    """What an author may set. `image` (bytes of a new picture) or `image_id` (of their media); None takes it away.

    `tags` are normal names (recipes/tags.py) without doubles, `steps` are (text, timer in seconds or None).
    """

    name: str
    description: str
    visibility: str
    servings: int | None
    prep_minutes: int | None
    cook_minutes: int | None
    tags: list[str]
    ingredients: list[Line]
    steps: list[tuple[str, int | None]]
    image: bytes | None
    image_id: UUID | None


def require_seller(user: User) -> None:
    if user.role != User.Role.SELLER:
        raise Forbidden("Only sellers publish recipes.", code="sellers_only")


def require_author(user: User, recipe: Recipe) -> None:
    if recipe.seller_id != user.pk:
        raise Forbidden("Only its author may change a recipe.", code="not_author")


def require_author_or_moderator(user: User, recipe: Recipe) -> None:
    if recipe.seller_id != user.pk and not user.is_moderator:
        raise Forbidden("Only its author or a moderator may delete a recipe.", code="not_author")


def require_may_rate(user: User, recipe: Recipe) -> None:
    if recipe.seller_id == user.pk:
        raise Forbidden("You cannot rate your own recipe.", code="own_recipe")
    if user.role != User.Role.CUSTOMER:
        raise Forbidden("Only customers rate recipes.", code="customers_only")


@transaction.atomic
def recipe_create(*, user: User, content: RecipeContent) -> Recipe:
    """Publishes a recipe; `name` is required. Raises Forbidden, and what `image_create` raises for the picture."""
    require_seller(user)
    recipe = Recipe(seller=user, image=_image_of(user, content))
    for name, value in _scalars(content).items():
        setattr(recipe, name, value)
    recipe.tag_names = content.get("tags", [])
    recipe.save(force_insert=True)
    _write_tags(recipe)
    _write_ingredients(recipe, content.get("ingredients", []))
    _write_steps(recipe, content.get("steps", []))
    Profile.objects.filter(user=user).update(recipe_count=F("recipe_count") + 1)
    record(RecipePublished(actor=actor_of(user), seller_id=user.pk, **_shown(recipe)))
    return recipe


@transaction.atomic
def recipe_update(*, user: User, recipe: Recipe, changes: RecipeContent, expected: set[int] | None = None) -> Recipe:
    """Changes what differs; nothing happens, and no event, when nothing does. Returns the recipe as it is now.

    Raises Forbidden, PreconditionFailed when its version is none of `expected`, NotFound when it was just deleted.
    """
    require_author(user, recipe)
    # Looked at twice: so that a picture is stored for no edit that is too late already.
    require_version(recipe, expected, thing="recipe")
    # Before the recipe: its owner, in the order of who publishes a post; the media, in that of the image task.
    taken: Media | None = None
    if (data := changes.get("image")) is not None:
        taken = image_create(owner=user, data=data)
    elif (media_id := changes.get("image_id")) is not None:
        _lock_media(user, media_id)
    recipe = _lock(recipe)
    require_version(recipe, expected, thing="recipe")
    before = recipe.image
    changed = []
    for name, value in _scalars(changes).items():
        if getattr(recipe, name) != value:
            setattr(recipe, name, value)
            changed.append(name)
    if "image" in changes or ("image_id" in changes and changes["image_id"] != recipe.image_id):
        recipe.image = taken or _image_of(user, changes)
        if recipe.image != before:
            changed.append("image")
    if "tags" in changes and changes["tags"] != recipe.tag_names:
        recipe.tag_names = changes["tags"]
        changed.append("tag_names")
        RecipeTag.objects.filter(recipe=recipe).delete()
        _write_tags(recipe)
    parts_changed = _replace_ingredients(recipe, changes) | _replace_steps(recipe, changes)
    if not changed and not parts_changed:
        return recipe
    recipe.version += 1
    recipe.save(update_fields=[*changed, "version", "updated_at"])
    record(RecipeUpdated(actor=actor_of(user), **_shown(recipe)))
    if "visibility" in changed and recipe.visibility == Recipe.Visibility.PREMIUM:
        record_job(BLANK_DESCRIPTION, recipe_id=recipe.pk, seller_id=recipe.seller_id)
    if before is not None and recipe.image != before:
        media_discard(media=before)
    return recipe


@transaction.atomic
def recipe_delete(*, user: User, recipe: Recipe, expected: set[int] | None = None) -> None:
    """Deletes a recipe with its ratings and its picture. Who moderates is not named in the event.

    Raises Forbidden, PreconditionFailed, NotFound as `recipe_update` does.
    """
    require_author_or_moderator(user, recipe)
    recipe = _lock(recipe)
    require_version(recipe, expected, thing="recipe")
    image = recipe.image
    if recipe.seller_id != user.pk:
        audit_removal(user, recipe)
    # Before the rows go, for what hangs on the recipe is told of in its handlers.
    record(RecipeDeleted(actor=actor_of(user) if recipe.seller_id == user.pk else None, recipe_id=recipe.pk))
    record_job(BLANK_RECIPE, recipe_id=recipe.pk, seller_id=recipe.seller_id)
    recipe.delete()
    Profile.objects.filter(user=recipe.seller_id).update(recipe_count=F("recipe_count") - 1)
    if image is not None:
        media_discard(media=image)


@transaction.atomic
def recipe_rate(*, user: User, recipe: Recipe, score: int, review: str) -> tuple[Rating, Aggregates, bool]:
    """Rates a recipe, or changes the rating. (rating, the recipe's aggregates, whether it is new.)

    The same score and review again change nothing and record nothing. Raises Forbidden; NotFound when the recipe was
    just deleted.
    """
    require_may_rate(user, recipe)
    now = timezone.now()
    # A first rating is put in before the recipe is locked, which makes the lock short. Once it is locked, nothing may
    # be inserted: a rival request of the same person may have done so, and waits for the lock.
    while (new_id := insert_rating(recipe_id=recipe.pk, user_id=user.pk, score=score, review=review, at=now)) is None:
        # A savepoint, for it lets the lock go when it is rolled back.
        with suppress(_TakenBack), transaction.atomic():
            return *_change_rating(user, recipe, score, review), False
    aggregates = _add(recipe, score=score, count=1)
    rating = Rating(id=new_id, recipe=recipe, user=user, score=score, review=review, created_at=now, updated_at=now)
    record(RatingCreated(actor=actor_of(user), **_rated(rating, aggregates)))
    return rating, aggregates, True


class _TakenBack(Exception):
    """The rating that stood in the way of a new one is gone."""


def _change_rating(user: User, recipe: Recipe, score: int, review: str) -> tuple[Rating, Aggregates]:
    locked = _lock(recipe)
    rating = _rating_of(user, recipe)
    if rating is None:
        raise _TakenBack
    if (rating.score, rating.review) == (score, review):
        return rating, _aggregates_of(locked)
    aggregates = _add(recipe, score=score - rating.score, count=0)
    rating.score, rating.review = score, review
    rating.save(update_fields=["score", "review", "updated_at"])
    record(RatingUpdated(actor=actor_of(user), **_rated(rating, aggregates)))
    return rating, aggregates


@transaction.atomic
def rating_delete(*, user: User, recipe: Recipe) -> None:
    """Takes the person's rating back; nothing happens when there is none."""
    _lock(recipe)
    rating = _rating_of(user, recipe)
    if rating is None:
        return
    aggregates = _add(recipe, score=-rating.score, count=-1)
    event = RatingDeleted(actor=actor_of(user), **{**_rated(rating, aggregates), "review": ""})
    record_job(BLANK_REVIEW, recipe_id=recipe.pk, rating_id=rating.pk)
    rating.delete()
    record(event)


@transaction.atomic
def recipe_image_changed(*, media_id: str) -> None:
    """Tells the readers of the recipes that show this picture that it is ready."""
    # No channel of a closed account may carry its words: the users who read them are not allowed to any more.
    for recipe in _locked().filter(image=media_id, seller__is_active=True).order_by("pk"):
        record(RecipeUpdated(actor=None, **_shown(recipe)))


def _locked() -> Any:
    return Recipe.objects.select_for_update(of=("self",), no_key=True).select_related("image")


def _lock(recipe: Recipe) -> Recipe:
    """The recipe as it is now, which nobody else changes until the commit. (SQLite has one writer anyway.)"""
    locked = _prepared_lock().fetch({"recipe": recipe.pk})
    if locked is None:
        raise NotFound("There is no such recipe.")
    return locked


# Ratings are the writes that come in crowds: building these two queries took longer than running them.
@cache
def _prepared_lock() -> PreparedInstance[Recipe]:
    return PreparedInstance(_locked().filter(pk=Parameter("recipe", BigAutoField())))


@cache
def _prepared_rating() -> PreparedInstance[Rating]:
    key = {name: Parameter(name, BigAutoField()) for name in ("recipe", "user")}
    return PreparedInstance(Rating.objects.filter(**key))


def _rating_of(user: User, recipe: Recipe) -> Rating | None:
    return _prepared_rating().fetch({"recipe": recipe.pk, "user": user.pk})


def _add(recipe: Recipe, *, score: int, count: int) -> Aggregates:
    aggregates = add_to_recipe(recipe_id=recipe.pk, score=score, count=count)
    if aggregates is None:
        raise NotFound("There is no such recipe.")
    return aggregates


def _aggregates_of(recipe: Recipe) -> Aggregates:
    average = recipe.avg_rating
    return Aggregates(avg_rating=None if average is None else float(average), rating_count=recipe.rating_count)


def _shown(recipe: Recipe) -> dict[str, Any]:
    locked = recipe.visibility == Recipe.Visibility.PREMIUM
    return {
        "recipe_id": recipe.pk,
        "name": recipe.name,
        "description": "" if locked else recipe.description,
        "locked": locked,
        "image": image_shape(recipe.image),
        "tags": recipe.tag_names,
        "version": recipe.version,
        "content_author_id": recipe.seller_id,
    }


def _rated(rating: Rating, aggregates: Aggregates) -> dict[str, Any]:
    return {
        "recipe_id": rating.recipe_id,
        "rating_id": rating.pk,
        "score": rating.score,
        "review": rating.review,
        "avg_rating": aggregates.avg_rating,
        "rating_count": aggregates.rating_count,
    }


def _scalars(content: RecipeContent) -> dict[str, Any]:
    """The part of CONTENT that is columns of the recipe itself, under their names."""
    return {name: value for name, value in content.items() if name in _FIELDS}


def _image_of(user: User, content: RecipeContent) -> Media | None:
    if (data := content.get("image")) is not None:
        return image_create(owner=user, data=data)
    if (media_id := content.get("image_id")) is None:
        return None
    media = _lock_media(user, media_id)
    if media is None or media.status == Media.Status.FAILED:
        detail = "You have no such picture." if media is None else "This picture could not be processed."
        raise Invalid(detail, errors={"image_id": [detail]})
    return media


def _lock_media(user: User, media_id: UUID) -> Media | None:
    """A picture of `user`, locked: it becomes ready before this, or waits for the recipe that has to hear of it."""
    pictures = Media.objects.select_for_update(no_key=True)
    return pictures.filter(pk=media_id, owner=user, kind=Media.Kind.IMAGE).first()


def _write_tags(recipe: Recipe) -> None:
    ids = Tag.objects.made(recipe.tag_names)
    RecipeTag.objects.bulk_create(RecipeTag(recipe=recipe, tag_id=tag_id) for tag_id in ids)


def _write_ingredients(recipe: Recipe, lines: list[Line]) -> None:
    Ingredient.objects.bulk_create(
        Ingredient(
            recipe=recipe,
            position=position,
            quantity=line.quantity,
            quantity_max=line.quantity_max,
            unit=line.unit,
            food=line.food,
            note=line.note,
            raw=line.raw,
        )
        for position, line in enumerate(lines, 1)
    )


def _write_steps(recipe: Recipe, steps: list[tuple[str, int | None]]) -> None:
    Step.objects.bulk_create(
        Step(recipe=recipe, position=position, text=text, timer_seconds=timer)
        for position, (text, timer) in enumerate(steps, 1)
    )


def _replace_ingredients(recipe: Recipe, changes: RecipeContent) -> bool:
    if "ingredients" not in changes:
        return False
    wanted = changes["ingredients"]
    stored = recipe.ingredients.values_list("raw", "quantity", "quantity_max", "unit", "food", "note")
    if [Line(*row) for row in stored] == wanted:
        return False
    recipe.ingredients.all().delete()
    _write_ingredients(recipe, wanted)
    return True


def _replace_steps(recipe: Recipe, changes: RecipeContent) -> bool:
    if "steps" not in changes:
        return False
    wanted = changes["steps"]
    if list(recipe.steps.values_list("text", "timer_seconds")) == wanted:
        return False
    recipe.steps.all().delete()
    _write_steps(recipe, wanted)
    return True
