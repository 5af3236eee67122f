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
from posts.models import Comment, Post, PostReaction
from realtime.models import StreamEvent
from recipes.demo.photos import KINDS, draw_dish
from recipes.models import Rating, Recipe
from tests.factories import UserFactory
from tests.posts.conftest import Person


def demo_data(**options: object) -> str:
    out = io.StringIO()
    call_command("demo_data", stdout=out, **options)
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_drawn_the_same_each_time_and_another_for_another_dish(kind: str) -> None:
    photo = draw_dish("A dish", kind, eggs=True)
    with Image.open(io.BytesIO(photo)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 900))
        image.thumbnail((60, 45))
        assert len(image.getcolors(60 * 45) or []) > 100
    assert draw_dish("A dish", kind, eggs=True) == photo
    assert draw_dish("Another dish", kind, eggs=True) != photo
