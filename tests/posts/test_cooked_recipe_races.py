"""A recipe that is deleted while somebody writes that they cooked it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from posts.models import Post
from recipes.models import Recipe
from recipes.services import recipe_delete
from tests.concurrently import at_once, someone_waits_for_a_lock
from tests.posts.conftest import Person
from tests.stack import wait_until


@pytest.mark.django_db(transaction=True)
def test_a_recipe_that_was_just_deleted_is_no_recipe(ann: Person, sally: Person) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    recipe = Recipe.objects.get(pk=sally.create()["id"])
    body = {"text": "Cooked this", "recipe_id": recipe.pk}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            recipe_delete(user=sally.user, recipe=recipe)
            writing = pool.submit(at_once, [lambda: ann.post("/api/posts/", body)])
            wait_until(someone_waits_for_a_lock, what="the post waiting for the recipe")
        [answer] = writing.result()
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["recipe_id"]), answer.content
    assert not Post.objects.exists()
