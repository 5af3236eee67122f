"""`rating_sum` and `rating_count` are exact: under concurrency, by constraint, and proved nightly."""

import itertools
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum

from realtime.models import StreamEvent
from recipes import tasks  # noqa: F401  (registers the task)
from recipes.models import Rating, Recipe
from tests.concurrently import at_once
from tests.factories import RecipeFactory, UserFactory
from tests.recipes.conftest import Person
from tests.relaying import relay_now
from tests.ticks import tick

THREADS = 40


def aggregates(recipe_id: int) -> tuple[int, int]:
    return Recipe.objects.values_list("rating_sum", "rating_count").get(pk=recipe_id)


def truth(recipe_id: int) -> tuple[int, int]:
    found = Rating.objects.filter(recipe=recipe_id).aggregate(sum=Sum("score"), count=Count("id"))
    return found["sum"] or 0, found["count"]


def in_threads(calls: list[Callable[[], int]]) -> list[int]:
    """The results of CALLS, spread over threads that start together, each with a database session of its own."""
    shares: list[Callable[[], list[int]]] = [
        lambda share=calls[n::THREADS]: [call() for call in share]  # type: ignore[misc]
        for n in range(min(THREADS, len(calls)))
    ]
    return list(itertools.chain.from_iterable(at_once(shares)))


@pytest.mark.django_db(transaction=True)
def test_200_concurrent_ratings_are_all_counted_and_heard_in_the_order_of_their_commits(seller: Person) -> None:
    recipe_id = seller.create()["id"]
    people = [Person(UserFactory()) for _ in range(200)]
    scores = [1 + n * n % 5 for n in range(200)]
    statuses = in_threads(
        [
            lambda who=who, score=score: who.rate(recipe_id, score).status_code
            for who, score in zip(people, scores, strict=True)
        ]
    )
    assert statuses == [201] * 200
    assert aggregates(recipe_id) == truth(recipe_id) == (sum(scores), 200)
    relay_now()
    heard = StreamEvent.objects.filter(channel=f"recipe:{recipe_id}").order_by("offset")
    assert [event.offset for event in heard] == list(range(1, 201))
    assert [event.data["rating_count"] for event in heard] == list(range(1, 201))
    so_far = list(itertools.accumulate(event.data["score"] for event in heard))
    averages = [(200 * total + count) // (2 * count) / 100 for count, total in enumerate(so_far, 1)]
    assert [event.data["avg_rating"] for event in heard] == averages


@pytest.mark.django_db(transaction=True)
def test_ratings_changes_and_removals_at_once_leave_exact_aggregates(seller: Person) -> None:
    recipe_id = seller.create()["id"]
    people = [Person(UserFactory()) for _ in range(12)]

    def restless(number: int) -> int:
        for step in range(6):
            who = people[(number + step * 5) % len(people)]
            if (number + step) % 3 == 0:
                assert who.delete(f"/api/recipes/{recipe_id}/rate/").status_code == 204
            else:
                assert who.rate(recipe_id, 1 + (number * step) % 5).status_code in (200, 201)
        return 0

    in_threads([lambda n=n: restless(n) for n in range(30)])  # type: ignore[misc]
    assert aggregates(recipe_id) == truth(recipe_id)
    relay_now()
    last = StreamEvent.objects.filter(channel=f"recipe:{recipe_id}").latest("offset")
    assert last.offset == StreamEvent.objects.filter(channel=f"recipe:{recipe_id}").count()
    assert last.data["rating_count"] == truth(recipe_id)[1]


@pytest.mark.django_db(transaction=True)
def test_one_person_who_rates_many_times_at_once_has_one_rating(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    statuses = in_threads([lambda n=n: customer.rate(recipe_id, 1 + n % 5).status_code for n in range(30)])  # type: ignore[misc]
    assert sorted(statuses) == [200] * 29 + [201]
    assert aggregates(recipe_id) == truth(recipe_id)
    assert truth(recipe_id)[1] == 1


@pytest.mark.django_db(transaction=True)
def test_a_recipe_deleted_while_people_rate_it_leaves_nothing(seller: Person) -> None:
    recipe_id = seller.create()["id"]
    people = [Person(UserFactory()) for _ in range(20)]
    calls: list[Callable[[], int]] = [lambda who=who: who.rate(recipe_id, 3).status_code for who in people]  # type: ignore[misc]
    calls.insert(10, lambda: seller.delete(f"/api/recipes/{recipe_id}/").status_code)
    statuses = in_threads(calls)
    assert statuses.count(204) == 1
    assert set(statuses) <= {201, 204, 404}
    assert not Rating.objects.exists()
    rated = StreamEvent.objects.filter(channel=f"recipe:{recipe_id}", type="rating.created").count()
    assert rated == statuses.count(201)


@pytest.mark.parametrize("wrong", [{"rating_sum": 1}, {"rating_count": 1}, {"rating_sum": 6, "rating_count": 1}])
def test_the_database_refuses_aggregates_that_cannot_be(db: None, wrong: dict[str, int]) -> None:
    recipe = RecipeFactory()
    with pytest.raises(IntegrityError, match="recipe_aggregates_agree"), transaction.atomic():
        Recipe.objects.filter(pk=recipe.pk).update(**wrong)


@pytest.mark.parametrize("score", [0, 6])
def test_the_database_refuses_a_score_outside_the_scale(db: None, score: int) -> None:
    with pytest.raises(IntegrityError, match="rating_score_range"), transaction.atomic():
        Rating.objects.create(recipe=RecipeFactory(), user=UserFactory(), score=score)


def test_the_database_refuses_a_second_rating_of_the_same_person(db: None) -> None:
    rating = Rating.objects.create(recipe=RecipeFactory(), user=UserFactory(), score=3)
    with pytest.raises(IntegrityError, match="rating_once"), transaction.atomic():
        Rating.objects.create(recipe=rating.recipe, user=rating.user, score=4)


def test_the_nightly_task_mends_what_drifted_and_says_so(
    seller: Person, customer: Person, caplog: pytest.LogCaptureFixture
) -> None:
    drifted, unrated, right = (seller.create()["id"] for _ in range(3))
    customer.rate(drifted, 4)
    customer.rate(right, 2)
    Recipe.objects.filter(pk=drifted).update(rating_sum=9, rating_count=3)
    Recipe.objects.filter(pk=unrated).update(rating_sum=5, rating_count=1)
    with caplog.at_level("INFO", "recipes.aggregates"):
        tick("recipes.reconcile_ratings")
    assert [aggregates(recipe_id) for recipe_id in (drifted, unrated, right)] == [(4, 1), (0, 0), (2, 1)]
    assert customer.get(f"/api/recipes/{drifted}/").json()["avg_rating"] == 4.0
    assert f"rating_drift recipe={drifted} sum=9 count=3 true_sum=4 true_count=1" in caplog.text
    assert "ratings_reconciled mended=2" in caplog.text
    caplog.clear()
    with caplog.at_level("INFO", "recipes.aggregates"):
        tick("recipes.reconcile_ratings")
    assert "ratings_reconciled mended=0" in caplog.text
