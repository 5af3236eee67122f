"""What staff remove is in no table and no file afterwards: nothing can restore it (docs/decisions/0017)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import User
from posts.models import Comment, ModerationAction, Post
from recipes.models import Rating, Recipe
from recipes.services import recipe_create
from tests.admin.test_decisions import run
from tests.factories import PostFactory, RecipeFactory, SellerFactory, UserFactory
from tests.jobs import run_jobs
from tests.media_pipeline.pictures import corners, encoded
from tests.posts.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "Grandmother's secret"


def places_of(text: str) -> list[str]:
    """The tables that hold TEXT in any column."""
    return sorted(
        {
            model._meta.label
            for model in apps.get_models()
            if model._meta.managed
            for row in model._base_manager.values()
            if any(text in str(value) for value in row.values())
        }
    )


def a_post() -> tuple[str, Any]:
    return "posts/post", Post.objects.get(pk=Person(UserFactory()).write(SECRET)["id"])


def a_comment() -> tuple[str, Any]:
    path = f"/api/posts/{PostFactory().pk}/comments/"
    answer = Person(UserFactory()).post(path, {"text": SECRET})
    return "posts/comment", Comment.objects.get(pk=answer.json()["id"])


def a_recipe() -> tuple[str, Any]:
    content = {"name": SECRET, "description": SECRET, "steps": [(SECRET, None)], "image": encoded(corners())}
    return "recipes/recipe", recipe_create(user=SellerFactory(), content=content)  # type: ignore[arg-type]


def a_rating() -> tuple[str, Any]:
    recipe, person = RecipeFactory(), Person(UserFactory())
    for score in (1, 2):
        person.post(f"/api/recipes/{recipe.pk}/rate/", {"score": score, "review": f"{SECRET} {score}"})
    return "recipes/rating", Rating.objects.get(recipe=recipe)


@pytest.mark.parametrize("make", [a_post, a_comment, a_recipe, a_rating])
def test_nothing_is_left_of_its_words(staff: Client, root: User, make: Callable[[], tuple[str, Any]]) -> None:
    model, thing = make()
    run_jobs()
    assert places_of(SECRET)
    thing_id = thing.pk
    run(staff, model, "delete_selected", thing, post="yes")
    run_jobs()
    # The admin's log names a recipe, so that staff know what they removed.
    assert places_of(SECRET) == (["admin.LogEntry"] if make is a_recipe else [])
    if make is not a_rating:
        action = ModerationAction.objects.get()
        assert (action.moderator, action.action, action.target_id) == (root, "removed", thing_id)


def test_nothing_is_left_of_its_picture(staff: Client, settings: Any) -> None:
    _, recipe = a_recipe()
    run_jobs()

    def files() -> list[Path]:
        roots = (Path(settings.MEDIA_ROOT), Path(settings.PRIVATE_MEDIA_ROOT))
        return [path for root in roots for path in root.rglob("*") if path.is_file()]

    assert len(files()) > 1, "renditions and the original"
    run(staff, "recipes/recipe", "delete_selected", recipe, post="yes")
    run_jobs()
    assert not Recipe.objects.exists() and files() == []
