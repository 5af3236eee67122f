"""Whoever takes bytes holds the person, then what is theirs: who changes that locks in the same order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Profile, User
from accounts.services.profiles import profile_update, user_deactivate
from accounts.services.staff import user_restore
from media_pipeline.models import Media
from media_pipeline.services import image_create
from posts.services.posts import post_create
from recipes.models import Recipe
from recipes.services import recipe_create, recipe_update
from tests.concurrently import assert_waits_for_the_person
from tests.factories import SellerFactory, UserFactory
from tests.media_pipeline.pictures import encoded, photo

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(photo(60, 40))


@pytest.fixture
def ann() -> User:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    return SellerFactory(username="ann")


def test_an_edit_of_the_profile(ann: User) -> None:
    edit = {"display_name": "Ann A.", "bio": "cooks"}
    assert_waits_for_the_person(ann, lambda: profile_update(user=ann, changes=edit), Profile.objects.filter(user=ann))


def test_the_closing_of_an_account(ann: User) -> None:
    assert_waits_for_the_person(ann, lambda: user_deactivate(user=ann), Profile.objects.filter(user=ann))


def test_an_account_that_is_opened_again(ann: User) -> None:
    admin = UserFactory(is_superuser=True, is_staff=True)
    user_deactivate(user=ann)
    profile = Profile.objects.filter(user=ann)
    assert_waits_for_the_person(ann, lambda: user_restore(moderator=admin, user=ann), profile)


def test_a_recipe_that_gets_a_new_picture(ann: User) -> None:
    recipe = recipe_create(user=ann, content={"name": "Toast"})
    rows = Recipe.objects.filter(pk=recipe.pk)
    assert_waits_for_the_person(ann, lambda: recipe_update(user=ann, recipe=recipe, changes={"image": PICTURE}), rows)


def test_a_post_with_media_and_new_pictures(ann: User) -> None:
    media = image_create(owner=ann, data=PICTURE)
    author = User.objects.select_related("profile__picture").get(pk=ann.pk)
    assert_waits_for_the_person(
        ann,
        lambda: post_create(user=author, content={"text": "x", "media_ids": [media.pk], "images": [PICTURE]}),
        Media.objects.filter(pk=media.pk),
    )


def test_the_person_is_held_once_all_pictures_of_a_post_are_stored(ann: User) -> None:
    author = User.objects.select_related("profile__picture").get(pk=ann.pk)
    with CaptureQueriesContext(connection) as queries:
        post_create(user=author, content={"text": "x", "images": [PICTURE] * 3})
    assert Media.objects.filter(owner=ann).count() == 3
    locks = [query["sql"] for query in queries if 'FROM "accounts_user"' in query["sql"] and "FOR NO" in query["sql"]]
    assert len(locks) == 1
