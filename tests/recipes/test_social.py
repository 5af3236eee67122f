"""The place in a recipe's shape that a higher app fills: likes, comments, saves."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import FilteredRelation, Q
from django.test.utils import CaptureQueriesContext

from recipes import social
from recipes.models import Recipe
from recipes.shapes import recipe_rows, recipe_shapes
from recipes.social import register_social
from tests.factories import RecipeFactory
from tests.recipes.conftest import Person

NAMES = {"like_count", "comment_count", "is_liked", "is_saved", "post_id"}


@pytest.fixture
def stars(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever gave a recipe five stars likes it."""
    monkeypatch.setattr(social, "_social", social._social)
    register_social(
        fields=("rating_sum",),
        viewer_fields=("my_like__id",),
        annotate=lambda recipes, viewer: recipes.alias(
            my_like=FilteredRelation("ratings", condition=Q(ratings__user=viewer.pk, ratings__score=5))
        ),
        shape=lambda row: {
            "like_count": row["rating_sum"],
            "comment_count": 0,
            "is_liked": row.get("my_like__id") is not None,
            "is_saved": False,
            "post_id": None,
        },
    )
    yield


def test_what_is_registered_is_read_in_the_one_query_and_shown(
    stars: None, other_seller: Person, customer: Person
) -> None:
    # Past the API, whose queries are compiled already, for what the whole process has registered.
    liked, other = RecipeFactory().pk, RecipeFactory().pk
    customer.rate(liked, 5)
    customer.rate(other, 4)
    seen = {}
    for viewer in (customer.user, other_seller.user, AnonymousUser()):
        with CaptureQueriesContext(connection) as queries:
            shapes = recipe_shapes(recipe_rows(Recipe.objects.order_by("id"), viewer), viewer)
        assert len(queries) == 1
        seen[viewer.username] = [(shape["id"], shape["like_count"], shape["is_liked"]) for shape in shapes]
    assert seen == {
        "carl": [(liked, 5, True), (other, 4, False)],
        "sam": [(liked, 5, False), (other, 4, False)],
        "": [(liked, 5, False), (other, 4, False)],
    }


def test_every_recipe_has_all_social_fields(seller: Person, anonymous: Person) -> None:
    assert set(seller.create()) >= NAMES
    [listed] = anonymous.get("/api/recipes/").json()["results"]
    assert set(listed) >= NAMES
    assert (listed["like_count"], listed["comment_count"], listed["is_liked"], listed["is_saved"]) == (
        0,
        0,
        False,
        False,
    )
