"""Who may read the channels of recipes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime.channels import namespace_of
from realtime.events import EVENTS
from tests.factories import PASSWORD
from tests.recipes.conftest import Person


def readers(channel: str, *user_ids: int | None) -> set[int | None]:
    found = namespace_of(channel)
    assert found is not None
    namespace, key = found
    return namespace.authorize(key, user_ids)


def test_anyone_reads_a_recipes_channel_while_it_is_visible(seller: Person, customer: Person) -> None:
    channel = f"recipe:{seller.create()['id']}"
    everyone = (None, seller.user.pk, customer.user.pk)
    with CaptureQueriesContext(connection) as queries:
        assert readers(channel, *everyone) == set(everyone)
    assert len(queries) == 2
    seller.delete("/api/me/", {"password": PASSWORD})
    assert readers(channel, *everyone) == set()


def test_a_deleted_recipes_channel_is_closed_and_its_last_event_asks_again(seller: Person) -> None:
    recipe_id = seller.create()["id"]
    seller.delete(f"/api/recipes/{recipe_id}/")
    assert readers(f"recipe:{recipe_id}", None) == set()
    assert EVENTS["recipe.deleted"].reauthorize


@pytest.mark.parametrize("key", ["0{id}", "{id}.0", "+{id}", "x", "-1", "9" * 19, "\uff19"])
def test_a_recipe_has_one_channel_and_no_other_name_for_it(seller: Person, key: str) -> None:
    recipe_id = seller.create()["id"]
    assert readers(f"recipe:{key.format(id=recipe_id)}", None) == set()


def test_anyone_reads_the_channel_of_all_recipes(db: None) -> None:
    assert readers("recipes", None, 7) == {None, 7}
    assert readers("recipes:1", None, 7) == set()
