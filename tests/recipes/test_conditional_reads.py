"""ETag, If-None-Match, and the stream's position on reads."""

import pytest

from tests.recipes.conftest import Person
from tests.relaying import relay_now


@pytest.mark.parametrize(
    "path", ["/api/recipes/", "/api/recipes/{id}/", "/api/recipes/{id}/ratings/", "/api/users/sally/recipes/"]
)
def test_an_unchanged_read_is_304_without_a_body(seller: Person, customer: Person, path: str) -> None:
    recipe_id = seller.create()["id"]
    path = path.format(id=recipe_id)
    first = customer.get(path)
    assert first.status_code == 200
    assert first["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first["Vary"]
    for known in (first["ETag"], f'"other", W/{first["ETag"]}', "*"):
        again = customer.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Stream-Position"] == first["Stream-Position"]
        assert "Content-Type" not in again
    customer.rate(recipe_id, 5)
    changed = customer.get(path, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_the_tag_of_a_recipe_begins_with_its_version(seller: Person) -> None:
    recipe = seller.create()
    changed = seller.patch(f"/api/recipes/{recipe['id']}/", {"name": "Other"})
    assert changed["ETag"].startswith('"2.')
    assert seller.get(f"/api/recipes/{recipe['id']}/")["ETag"] == changed["ETag"]


def test_two_viewers_have_different_tags_when_they_see_different_things(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    path = f"/api/recipes/{recipe_id}/"
    assert seller.get(path)["ETag"] == customer.get(path)["ETag"]
    customer.rate(recipe_id, 5)
    assert seller.get(path)["ETag"] != customer.get(path)["ETag"]


def test_reads_say_how_far_the_stream_was(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    customer.rate(recipe_id, 5)
    relay_now()
    customer.rate(recipe_id, 4)
    channel, epoch, offset = customer.get(f"/api/recipes/{recipe_id}/")["Stream-Position"].split(";")
    # The second rating is in what was read and not yet in the stream: it will be received, and never missed.
    assert (channel, offset) == (f"recipe:{recipe_id}", "1")
    relay_now()
    assert customer.get(f"/api/recipes/{recipe_id}/")["Stream-Position"] == f"{channel};{epoch};2"
    assert customer.get("/api/recipes/")["Stream-Position"] == f"recipes;{epoch};1"


def test_head_has_the_headers_of_get(seller: Person) -> None:
    path = f"/api/recipes/{seller.create()['id']}/"
    head = seller.head(path)
    assert (head.status_code, head["ETag"]) == (200, seller.get(path)["ETag"])
