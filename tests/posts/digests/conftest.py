"""A clock that a test sets, mornings, and recipes that were published and rated at some time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Follow, Profile, User
from posts.digests import calendar, planning
from posts.models import Digest, Post
from realtime.models import Job
from recipes.models import Rating, Recipe
from tests.factories import RecipeFactory, UserFactory
from tests.jobs import run_jobs

# Wednesday, six in the morning in UTC.
MORNING = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)


class Clock:
    """What `calendar.clock` says."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """It is MORNING until the test sets `clock.now`."""
    clock = Clock()
    monkeypatch.setattr(calendar, "clock", clock)
    return clock


def tick() -> list[str]:
    """What beat starts, and all jobs that follow from it. Returns the jobs."""
    planning.begin()
    return run_jobs()


def later() -> list[str]:
    """The jobs that wait for later, now."""
    Job.objects.update(enqueue_at=timezone.now())
    return run_jobs()


def reader_in(zone: str = "UTC", **fields: Any) -> User:
    """Somebody who gets digests in that time zone."""
    user = UserFactory(**fields)
    Profile.objects.filter(user=user).update(timezone=zone)
    return user


def publish(*, at: datetime, followed_by: User | None = None, **fields: Any) -> Recipe:
    """A recipe that was announced at that time."""
    recipe = RecipeFactory(**fields)
    Recipe.objects.filter(pk=recipe.pk).update(created_at=at)
    Post.objects.filter(announces=recipe).update(published_at=at)
    if followed_by is not None:
        Follow.objects.get_or_create(follower=followed_by, followee=recipe.seller)
    return recipe


def rate(recipe: Recipe, score: int, *, at: datetime, times: int = 1) -> None:
    """Ratings of strangers."""
    for _ in range(times):
        Rating.objects.create(recipe=recipe, user=UserFactory(), score=score)
    recipe.rating_sum += score * times
    recipe.rating_count += times
    recipe.save(update_fields=["rating_sum", "rating_count"])
    Rating.objects.filter(recipe=recipe).update(created_at=at, updated_at=at)


def states() -> dict[str, int]:
    """How many digests are in which state, of all days."""
    found: dict[str, int] = {}
    for state in Digest.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


@pytest.fixture
def readers(db: None, clock: Clock) -> Callable[[int], list[User]]:
    """`readers(5)`: so many people in UTC, who all follow a seller with a new recipe."""

    def make(count: int) -> list[User]:
        recipe = publish(at=MORNING - timedelta(hours=1))
        Profile.objects.filter(user=recipe.seller).update(digest=False)
        people = [reader_in() for _ in range(count)]
        Follow.objects.bulk_create(Follow(follower=person, followee=recipe.seller) for person in people)
        return people

    return make
