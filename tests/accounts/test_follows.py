"""PUT DELETE /api/users/{username}/follow/, and both lists."""

from random import Random
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Follow, Profile, User
from media_pipeline.drawn import drawn_url
from tests.accounts.conftest import events_on
from tests.actors import client_of
from tests.concurrently import at_once
from tests.factories import UserFactory


def counts(user: User) -> tuple[int, int]:
    profile = Profile.objects.get(user=user)
    return profile.follower_count, profile.following_count


def test_a_follow_counts_on_both_sides_and_is_heard_once(as_ann: APIClient, ann: User, bob: User) -> None:
    response = as_ann.put("/api/users/BOB/follow/")
    assert response.status_code == 200
    assert response.json() == {"user_id": bob.pk, "is_following": True, "follower_count": 1}
    assert (counts(ann), counts(bob)) == ((0, 1), (1, 0))
    (event,) = events_on(f"user:{bob.pk}")
    assert event["type"] == "follow.created"
    assert (event["user_id"], event["follower_count"]) == (bob.pk, 1)
    assert event["actor"] == {
        "id": ann.pk,
        "username": "ann",
        "display_name": "ann",
        "picture": drawn_url("picture", ann.pk, "ann"),
    }


def test_following_twice_changes_nothing_and_is_not_heard(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/follow/")
    again = as_ann.put("/api/users/bob/follow/")
    assert (again.status_code, again.json()["follower_count"]) == (200, 1)
    assert (counts(ann), counts(bob)) == ((0, 1), (1, 0))
    assert len(events_on(f"user:{bob.pk}")) == 1


def test_an_unfollow_takes_it_back_and_is_heard_once(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/follow/")
    for _ in range(2):
        response = as_ann.delete("/api/users/bob/follow/")
        assert response.status_code == 200
        assert response.json() == {"user_id": bob.pk, "is_following": False, "follower_count": 0}
    assert (counts(ann), counts(bob)) == ((0, 0), (0, 0))
    assert [event["type"] for event in events_on(f"user:{bob.pk}")] == ["follow.created", "follow.deleted"]
    assert events_on(f"user:{bob.pk}")[1]["follower_count"] == 0


def test_nobody_follows_themselves(as_ann: APIClient, ann: User) -> None:
    response = as_ann.put("/api/users/ann/follow/")
    assert (response.status_code, response.json()["code"]) == (400, "follow_oneself")
    assert as_ann.delete("/api/users/ann/follow/").status_code == 200
    assert counts(ann) == (0, 0)
    assert events_on(f"user:{ann.pk}") == []


@pytest.mark.parametrize("method", ["put", "delete"])
def test_whom_one_cannot_see_one_cannot_follow(as_ann: APIClient, bob: User, method: str) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert getattr(as_ann, method)("/api/users/bob/follow/").status_code == 404
    assert getattr(as_ann, method)("/api/users/nobody/follow/").status_code == 404


def test_followers_and_following_are_listed_newest_first(anyone: APIClient, ann: User, bob: User) -> None:
    eve = UserFactory(username="eve")
    client_of(ann).put("/api/users/bob/follow/")
    client_of(eve).put("/api/users/bob/follow/")
    client_of(eve).put("/api/users/ann/follow/")

    def names(path: str) -> list[str]:
        return [user["username"] for user in anyone.get(path).json()["results"]]

    assert names("/api/users/Bob/followers/") == ["eve", "ann"]
    assert names("/api/users/eve/following/") == ["ann", "bob"]
    assert names("/api/users/bob/following/") == []
    as_eve = {user["username"]: user["is_following"] for user in
              client_of(eve).get("/api/users/bob/followers/").json()["results"]}  # fmt: skip
    assert as_eve == {"eve": False, "ann": True}


@pytest.mark.parametrize("side", ["followers", "following"])
def test_pages_of_follows_are_complete(anyone: APIClient, ann: User, side: str) -> None:
    for user in UserFactory.create_batch(7):
        pair = {"follower": user, "followee": ann} if side == "followers" else {"follower": ann, "followee": user}
        Follow.objects.create(**pair)
    seen, url = [], f"/api/users/ann/{side}/?limit=3"
    while url:
        page = anyone.get(url).json()
        seen += [user["id"] for user in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("side", ["followers", "following"])
def test_follows_of_nobody_are_404(anyone: APIClient, db: None, side: str) -> None:
    assert anyone.get(f"/api/users/nobody/{side}/").status_code == 404


@pytest.mark.parametrize("side", ["followers", "following"])
@pytest.mark.parametrize("count", [5, 50])
def test_a_list_of_follows_costs_the_same_for_few_and_many(
    as_ann: APIClient, bob: User, side: str, count: int, django_assert_num_queries: Any
) -> None:
    for user in UserFactory.create_batch(count):
        pair = {"follower": user, "followee": bob} if side == "followers" else {"follower": bob, "followee": user}
        Follow.objects.create(**pair)
    with django_assert_num_queries(3):
        assert len(as_ann.get(f"/api/users/bob/{side}/?limit=100").json()["results"]) == count


@pytest.mark.django_db(transaction=True)
def test_fifty_follows_and_unfollows_at_once_leave_exact_counters_and_one_event_for_each_change() -> None:
    people = UserFactory.create_batch(10)
    clients = {user: client_of(user) for user in people}
    random = Random(7)
    stars = people[:2]

    def call(number: int) -> Any:
        follower = people[number % 10]
        followee = random.choice([star for star in stars if star != follower])
        method = random.choice(["put", "put", "delete"])
        return lambda: getattr(clients[follower], method)(f"/api/users/{followee.username}/follow/").status_code

    assert set(at_once(call(number) for number in range(50))) == {200}
    for user in people:
        rows = (Follow.objects.filter(followee=user).count(), Follow.objects.filter(follower=user).count())
        assert counts(user) == rows
    for star in stars:
        expected = 0
        for event in events_on(f"user:{star.pk}"):
            expected += 1 if event["type"] == "follow.created" else -1
            assert event["follower_count"] == expected
        assert expected == counts(star)[0]


@pytest.mark.django_db(transaction=True)
def test_two_who_follow_each_other_at_once_do_not_deadlock() -> None:
    ann, bob = UserFactory(username="ann"), UserFactory(username="bob")
    calls = []
    for user, other in [(ann, bob), (bob, ann)] * 6:
        client = client_of(user)
        calls.append(lambda client=client, other=other: client.put(f"/api/users/{other.username}/follow/").status_code)
    assert set(at_once(calls)) == {200}
    assert (counts(ann), counts(bob)) == ((1, 1), (1, 1))
