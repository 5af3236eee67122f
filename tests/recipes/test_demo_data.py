"""`manage.py demo_data`: a network that looks alive, the same each time."""

import io
from functools import cache

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from PIL import Image

from accounts.models import Follow, Profile, User
from core.demo import DEMO_PASSWORD, DEMO_PEOPLE
from media_pipeline.models import Media
from realtime.models import StreamEvent
from recipes.demo.photos import KINDS, draw_dish
from recipes.models import Rating, Recipe
from tests.factories import UserFactory
from tests.recipes.conftest import Person


def demo_data(**options: object) -> str:
    out = io.StringIO()
    call_command("demo_data", stdout=out, **options)
    return out.getvalue()


remembered = cache(draw_dish)


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Recipe, Rating, Follow, Media)]


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each photo is drawn once for all tests: 40 take some seconds."""
    monkeypatch.setattr("recipes.management.commands.demo_data.draw_dish", remembered)


@pytest.mark.django_db
def test_it_makes_people_recipes_ratings_and_follows_and_says_how_to_sign_in(anonymous: Person) -> None:
    said = demo_data()
    people, recipes, ratings, follows, media = counts()
    assert (people, recipes, media) == (14, 40, 40)
    assert ratings > 80
    assert follows > 40
    assert DEMO_PASSWORD in said
    for role, username in DEMO_PEOPLE.items():
        assert username in said
        person = User.objects.get(username=username)
        assert person.role == role
        assert check_password(DEMO_PASSWORD, person.password)
    assert set(User.objects.values_list("email", flat=True)) == {
        f"{name}@example.com" for name in User.objects.values_list("username", flat=True)
    }
    # Through the services: events, counters.
    for event, model in (("recipe.published", Recipe), ("rating.created", Rating), ("follow.created", Follow)):
        channels = 2 if event == "recipe.published" else 1
        assert StreamEvent.objects.filter(type=event).count() == channels * model.objects.count()
    assert sum(Profile.objects.values_list("recipe_count", flat=True)) == 40
    newest = anonymous.get("/api/recipes/?limit=100").json()["results"]
    assert [recipe["created_at"] for recipe in newest] == sorted(
        (recipe["created_at"] for recipe in newest), reverse=True
    )
    recipe = anonymous.get(f"/api/recipes/{newest[0]['id']}/").json()
    assert recipe["ingredients"]
    assert recipe["steps"]


@pytest.mark.django_db
def test_a_second_run_adds_only_what_is_missing() -> None:
    demo_data()
    before = counts()
    demo_data()
    assert counts() == before
    Recipe.objects.filter(name="Shakshuka").delete()
    demo_data()
    assert Recipe.objects.filter(name="Shakshuka").exists()
    assert counts() == [*before[:4], before[4] + 1]


@pytest.mark.django_db
def test_reset_starts_afresh_and_leaves_other_people_alone(customer: Person) -> None:
    demo_data()
    recipe = Recipe.objects.get(name="Shakshuka")
    customer.rate(recipe.pk, 1)
    before = counts()
    demo_data(reset=True)
    assert not Recipe.objects.filter(pk=recipe.pk).exists()
    assert User.objects.filter(pk=customer.user.pk).exists()
    after = counts()
    # Pictures are deleted after the commit, which this test does not make; the customer's rating went with its recipe.
    assert after[:4] == [before[0], before[1], before[2] - 1, before[3]]


@pytest.mark.django_db
def test_live_goes_on_rating() -> None:
    demo_data()
    heard = StreamEvent.objects.filter(type__startswith="rating.").count()
    said = demo_data(live=2.0)
    assert " of " in said
    assert StreamEvent.objects.filter(type__startswith="rating.").count() > heard


@pytest.mark.django_db
def test_a_database_in_use_is_left_alone() -> None:
    UserFactory(username="Marta", email="marta@somewhere.example")
    with pytest.raises(CommandError, match="marta who is no demo person"):
        demo_data()
    assert not Recipe.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_drawn_the_same_each_time_and_another_for_another_dish(kind: str) -> None:
    photo = draw_dish("A dish", kind, eggs=True)
    with Image.open(io.BytesIO(photo)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 900))
        image.thumbnail((60, 45))
        assert len(image.getcolors(60 * 45) or []) > 100
    assert draw_dish("A dish", kind, eggs=True) == photo
    assert draw_dish("Another dish", kind, eggs=True) != photo
