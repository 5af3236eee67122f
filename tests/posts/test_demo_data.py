"""`manage.py demo_data`: a network that looks alive, the same each time."""

import io
import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from PIL import Image
from pytest_django import Settings

from accounts.models import Follow, Profile, User
from core.demo import DEMO_PASSWORD, DEMO_PEOPLE
from media_pipeline.models import Media
from posts.models import Comment, Post, PostReaction
from realtime.models import StreamEvent
from recipes.demo.photos import KINDS, draw_dish
from recipes.models import Rating, Recipe
from tests.factories import UserFactory
from tests.posts.conftest import Person


def demo_data(**options: object) -> str:
    """What the command says. Tests run without DEBUG, so it needs to be forced."""
    out = io.StringIO()
    call_command("demo_data", stdout=out, **{"force": True, **options})
    return out.getvalue()


remembered = cache(draw_dish)


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Recipe, Rating, Follow, Media)]


def talk() -> list[int]:
    return [model.objects.count() for model in (Post, Comment, PostReaction)]


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each photo is drawn once for all tests: 40 take some seconds."""
    monkeypatch.setattr("recipes.demo.network.draw_dish", remembered)


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
def test_the_people_talk_to_each_other(anonymous: Person) -> None:
    demo_data()
    posts = anonymous.get("/api/posts/?limit=100").json()["results"]
    assert {post["kind"] for post in posts} == {"status", "recipe", "repost"}
    times = [post["published_at"] for post in posts]
    assert times == sorted(times, reverse=True)
    for count in ("like_count", "comment_count", "repost_count", "save_count"):
        assert any(post[count] for post in posts), count
    assert any(post["kind"] == "status" and post["recipe"] for post in posts)
    talk = max(posts, key=lambda post: post["comment_count"])
    comments = anonymous.get(f"/api/posts/{talk['id']}/comments/").json()["results"]
    assert comments
    # Through the services: events, exact counters.
    likes = PostReaction.objects.filter(kind="like")
    assert sum(Post.objects.values_list("like_count", flat=True)) == likes.count()
    assert StreamEvent.objects.filter(type="like.created", channel__startswith="post:").count() == likes.count()


@pytest.mark.django_db
def test_a_second_run_adds_only_what_is_missing() -> None:
    demo_data()
    before, said = counts(), talk()
    demo_data()
    assert (counts(), talk()) == (before, said)
    Recipe.objects.filter(name="Shakshuka").delete()
    demo_data()
    assert Recipe.objects.filter(name="Shakshuka").exists()
    assert counts() == [*before[:4], before[4] + 1]


@pytest.mark.django_db
def test_reset_starts_afresh_and_leaves_other_people_alone(carl: Person) -> None:
    demo_data()
    recipe = Recipe.objects.get(name="Shakshuka")
    carl.rate(recipe.pk, 1)
    before = counts()
    demo_data(reset=True)
    assert not Recipe.objects.filter(pk=recipe.pk).exists()
    assert User.objects.filter(pk=carl.user.pk).exists()
    after = counts()
    # Pictures are deleted after the commit, which this test does not make; the customer's rating went with its recipe.
    assert after[:4] == [before[0], before[1], before[2] - 1, before[3]]


@pytest.mark.django_db
def test_live_goes_on_doing_things() -> None:
    demo_data()
    heard = StreamEvent.objects.filter(type__regex="^(rating|like|comment)[.]").count()
    said = demo_data(live=2.0)
    assert said.count("\n") > 1
    assert StreamEvent.objects.filter(type__regex="^(rating|like|comment)[.]").count() > heard


@pytest.mark.django_db
def test_a_database_in_use_is_left_alone() -> None:
    UserFactory(username="Marta", email="marta@somewhere.example")
    with pytest.raises(CommandError, match="marta who is no demo person"):
        demo_data()
    assert not Recipe.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("reset", [False, True])
def test_without_debug_no_account_with_a_published_password_is_made_unless_forced(reset: bool) -> None:
    with pytest.raises(CommandError, match=r"published password.* add --force"):
        demo_data(force=False, reset=reset)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_with_debug_it_needs_no_force(settings: Settings) -> None:
    settings.DEBUG = True
    assert "40 recipes" in demo_data(force=False)


class Interrupted(BaseException):
    """As Ctrl-C, or a process that is killed: nothing catches it."""


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the drawing of the nth photo interrupted."""

    def at(number: int) -> None:
        drawn = itertools.count(1)

        def draw(*arguments: Any, **more: Any) -> bytes:
            if next(drawn) == number:
                raise Interrupted
            return remembered(*arguments, **more)

        monkeypatch.setattr("recipes.demo.network.draw_dish", draw)

    return at


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_first_start_leaves_nothing_and_the_next_one_loads_it_all(
    settings: Settings, interrupted: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    interrupted(9)
    with pytest.raises(Interrupted):
        call_command("prepare", stdout=io.StringIO())
    assert counts() == [0] * 5
    # People who come meanwhile do not keep the demo data away.
    UserFactory(username="somebody", email="somebody@somewhere.example")
    monkeypatch.setattr("recipes.demo.network.draw_dish", remembered)
    out = io.StringIO()
    call_command("prepare", stdout=out)
    assert "There are no recipes yet: loading the demo data" in out.getvalue()
    assert out.getvalue().splitlines()[-1].startswith("Sign in as demo_customer")
    people, recipes, ratings, *_ = counts()
    assert (people, recipes) == (15, 40) and ratings > 80
    before = counts()
    call_command("prepare", stdout=io.StringIO())
    assert counts() == before


@pytest.mark.django_db(transaction=True)
def test_a_start_without_debug_loads_no_demo_data() -> None:
    out = io.StringIO()
    call_command("prepare", stdout=out)
    assert out.getvalue() == "The database is up to date.\n"
    assert not User.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_drawn_the_same_each_time_and_another_for_another_dish(kind: str) -> None:
    photo = draw_dish("A dish", kind, eggs=True)
    with Image.open(io.BytesIO(photo)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 900))
        image.thumbnail((60, 45))
        assert len(image.getcolors(60 * 45) or []) > 100
    assert draw_dish("A dish", kind, eggs=True) == photo
    assert draw_dish("Another dish", kind, eggs=True) != photo
