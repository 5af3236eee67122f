"""GET /api/me/blocked/ and /api/me/muted/"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Block, Mute, User
from tests.accounts.test_people import FIELDS
from tests.factories import UserFactory


@pytest.mark.parametrize(
    ("verb", "listed", "flag"), [("block", "blocked", "is_blocked"), ("mute", "muted", "is_muted")]
)
def test_a_list_shows_people_newest_first_and_is_ones_own(
    as_ann: APIClient, as_bob: APIClient, verb: str, listed: str, flag: str
) -> None:
    UserFactory(username="eve")
    for username in ("bob", "eve"):
        as_ann.put(f"/api/users/{username}/{verb}/")
    people = as_ann.get(f"/api/me/{listed}/").json()["results"]
    assert [(person["username"], person[flag]) for person in people] == [("eve", True), ("bob", True)]
    assert set(people[0]) == FIELDS
    assert as_bob.get(f"/api/me/{listed}/").json()["results"] == []
    as_ann.delete(f"/api/users/eve/{verb}/")
    assert [person["username"] for person in as_ann.get(f"/api/me/{listed}/").json()["results"]] == ["bob"]


def test_who_blocks_me_too_is_in_my_list_by_the_username_alone(as_ann: APIClient, as_bob: APIClient, bob: User) -> None:
    as_bob.patch("/api/me/", {"display_name": "Bobby", "bio": "Secret.", "website": "https://bob.example"})
    as_ann.put("/api/users/bob/block/")
    assert as_ann.get("/api/me/blocked/").json()["results"][0]["bio"] == "Secret."
    as_bob.put("/api/users/ann/block/")
    [person] = as_ann.get("/api/me/blocked/").json()["results"]
    assert set(person) == FIELDS
    assert (person["id"], person["username"], person["is_blocked"]) == (bob.pk, "bob", True)
    assert (person["display_name"], person["bio"], person["website"], person["recipe_count"]) == ("bob", "", "", 0)


def test_whom_i_muted_and_who_blocks_me_is_not_listed(as_ann: APIClient, as_bob: APIClient) -> None:
    as_ann.put("/api/users/bob/mute/")
    as_bob.put("/api/users/ann/block/")
    assert as_ann.get("/api/me/muted/").json()["results"] == []


@pytest.mark.parametrize("listed", ["blocked", "muted"])
def test_pages_are_complete(as_ann: APIClient, ann: User, listed: str) -> None:
    for user in UserFactory.create_batch(7):
        Block.objects.create(blocker=ann, blocked=user)
        Mute.objects.create(muter=ann, muted=user)
        if listed == "muted":
            Block.objects.all().delete()
    seen, url = [], f"/api/me/{listed}/?limit=3"
    while url:
        page = as_ann.get(url).json()
        seen += [person["id"] for person in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("listed", ["blocked", "muted"])
@pytest.mark.parametrize("count", [5, 50])
def test_a_list_costs_the_same_for_few_and_many(
    as_ann: APIClient, ann: User, listed: str, count: int, django_assert_num_queries: Any
) -> None:
    for user in UserFactory.create_batch(count):
        if listed == "blocked":
            Block.objects.create(blocker=ann, blocked=user)
        else:
            Mute.objects.create(muter=ann, muted=user)
    with django_assert_num_queries(2):
        assert len(as_ann.get(f"/api/me/{listed}/?limit=100").json()["results"]) == count
