"""What an IntegrityError tells about the constraint, in PostgreSQL's and in SQLite's words."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Follow, User
from core.api import problem_handler
from core.constraints import violated
from recipes.models import Rating, Recipe
from tests.factories import RecipeFactory, UserFactory


def broken_by(write: Callable[[], object]) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    return caught.value


@pytest.mark.django_db
def test_postgresql_names_constraint_and_kind() -> None:
    one, two = UserFactory(username="ann"), UserFactory()
    recipe = RecipeFactory()
    Follow.objects.create(follower=one, followee=two)

    taken = violated(broken_by(lambda: User.objects.filter(pk=two.pk).update(username="ANN")))
    assert (taken.name, taken.kind) == ("user_username_ci", "unique")
    assert taken.message == "A user with that username already exists."

    once = violated(broken_by(lambda: Follow.objects.create(follower=one, followee=two)))
    assert (once.name, once.kind) == ("follow_once", "unique")

    check = violated(broken_by(lambda: Rating.objects.create(recipe=recipe, user=one, score=6)))
    assert (check.name, check.kind) == ("rating_score_range", "check")

    null = violated(broken_by(lambda: Recipe.objects.filter(pk=recipe.pk).update(seller=None)))
    assert null.kind == "not_null"


@pytest.mark.django_db(transaction=True)
def test_postgresql_tells_what_is_referred_to_no_more() -> None:
    with pytest.raises(IntegrityError) as caught:
        Follow.objects.create(follower=UserFactory(), followee_id=10**9)
    assert violated(caught.value).kind == "foreign_key"


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("UNIQUE constraint failed: index 'user_username_ci'", "user_username_ci", "unique"),
        ("UNIQUE constraint failed: accounts_follow.follower_id, accounts_follow.followee_id", "follow_once", "unique"),
        ("CHECK constraint failed: rating_score_range", "rating_score_range", "check"),
        ("NOT NULL constraint failed: recipes_recipe.seller_id", "recipes_recipe.seller_id", "not_null"),
        ("FOREIGN KEY constraint failed", "", "foreign_key"),
        ("something else", "", "other"),
    ],
)
def test_sqlite_writes_a_sentence(text: str, name: str, kind: str) -> None:
    found = violated(IntegrityError(text))
    assert (found.name, found.kind) == (name, kind)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("UNIQUE constraint failed: index 'user_username_ci'", 409),
        ("FOREIGN KEY constraint failed", 409),
        ("CHECK constraint failed: rating_score_range", 400),
    ],
)
def test_each_kind_has_its_status(text: str, status: int) -> None:
    response = problem_handler(IntegrityError(text), {})
    assert response is not None and response.status_code == status


def test_a_value_that_a_service_forgot_is_a_bug_of_ours() -> None:
    assert problem_handler(IntegrityError("NOT NULL constraint failed: a.b"), {}) is None
