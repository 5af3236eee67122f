"""PUT DELETE /api/users/{username}/block/: two people who see nothing of each other."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Block, Follow, Profile, User
from tests.accounts.conftest import events_on
from tests.actors import client_of
from tests.concurrently import at_once
from tests.factories import UserFactory


def counts(user: User) -> tuple[int, int]:
    profile = Profile.objects.get(user=user)
    return profile.follower_count, profile.following_count


def types_on(channel: str) -> list[str]:
    return [event["type"] for event in events_on(channel)]


def usernames(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [person["username"] for person in response.json()["results"]]


def test_a_block_is_heard_by_the_blocker_and_the_blocked_hears_only_that_rights_have_changed(
    as_ann: APIClient, ann: User, bob: User
) -> None:
    for _ in range(2):
        response = as_ann.put("/api/users/BOB/block/")
        assert (response.status_code, response.json()) == (200, {"user_id": bob.pk, "is_blocked": True})
    [event] = events_on(f"inbox:{ann.pk}")
    assert (event["type"], event["blocker_id"], event["blocked_id"]) == ("block.created", ann.pk, bob.pk)
    [event] = events_on(f"inbox:{bob.pk}")
    assert (event["type"], event["actor"], event["user_id"]) == ("rights.changed", None, bob.pk)
    assert str(ann.pk) not in {str(value) for key, value in event.items() if key != "user_id"}


def test_an_unblock_is_heard_once(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/block/")
    for _ in range(2):
        response = as_ann.delete("/api/users/bob/block/")
        assert (response.status_code, response.json()) == (200, {"user_id": bob.pk, "is_blocked": False})
    assert types_on(f"inbox:{ann.pk}") == ["block.created", "block.deleted"]
    assert types_on(f"inbox:{bob.pk}") == ["rights.changed", "rights.changed"]
    assert client_of(bob).get("/api/users/ann/").status_code == 200


def test_nobody_blocks_themselves(as_ann: APIClient, ann: User) -> None:
    response = as_ann.put("/api/users/ann/block/")
    assert (response.status_code, response.json()["code"]) == (400, "block_oneself")
    assert not Block.objects.exists()
    assert events_on(f"inbox:{ann.pk}") == []


@pytest.mark.parametrize("method", ["put", "delete"])
def test_who_is_not_there_is_404(as_ann: APIClient, bob: User, method: str) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for username in ("bob", "nobody", "a%00b"):
        assert getattr(as_ann, method)(f"/api/users/{username}/block/").status_code == 404


def test_a_block_ends_the_follows_both_ways_with_their_counters(
    as_ann: APIClient, as_bob: APIClient, ann: User, bob: User
) -> None:
    client_of(UserFactory()).put("/api/users/bob/follow/")
    as_ann.put("/api/users/bob/follow/")
    as_bob.put("/api/users/ann/follow/")
    as_ann.put("/api/users/bob/block/")
    assert (counts(ann), counts(bob)) == ((0, 0), (1, 0))
    assert Follow.objects.count() == 1
    assert types_on(f"user:{bob.pk}") == ["follow.created", "follow.created", "follow.deleted"]
    assert types_on(f"user:{ann.pk}") == ["follow.created", "follow.deleted"]
    of_bob, of_ann = events_on(f"user:{bob.pk}")[-1], events_on(f"user:{ann.pk}")[-1]
    assert (of_bob["actor"]["id"], of_bob["follower_count"]) == (ann.pk, 1)
    assert (of_ann["actor"]["id"], of_ann["follower_count"]) == (bob.pk, 0)


def test_the_blocked_get_404_and_the_blocker_keeps_the_page(as_ann: APIClient, as_bob: APIClient) -> None:
    as_ann.put("/api/users/bob/block/")
    for path in ("", "followers/", "following/", "recipes/"):
        assert as_bob.get(f"/api/users/ann/{path}").status_code == 404
    for path in ("follow/", "mute/"):
        assert as_bob.put(f"/api/users/ann/{path}").status_code == 404
        assert as_bob.delete(f"/api/users/ann/{path}").status_code == 404
    page = as_ann.get("/api/users/bob/")
    assert (page.status_code, page.json()["is_blocked"]) == (200, True)


def test_the_blocker_has_to_unblock_before_following(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/block/")
    response = as_ann.put("/api/users/bob/follow/")
    assert (response.status_code, response.json()["code"]) == (409, "blocked")
    assert counts(ann) == (0, 0)
    as_ann.delete("/api/users/bob/block/")
    assert as_ann.put("/api/users/bob/follow/").status_code == 200


def test_neither_is_in_a_list_of_people_of_the_other(
    as_ann: APIClient, as_bob: APIClient, ann: User, bob: User
) -> None:
    eve = UserFactory(username="eve")
    for user in (ann, bob):
        client_of(user).put("/api/users/eve/follow/")
        client_of(eve).put(f"/api/users/{user.username}/follow/")
    as_ann.put("/api/users/bob/block/")
    for client, own in ((as_ann, "ann"), (as_bob, "bob")):
        assert set(usernames(client.get("/api/users/"))) == {"eve", own}
        assert usernames(client.get("/api/users/?q=bob")) == (["bob"] if own == "bob" else [])
        assert usernames(client.get("/api/users/eve/followers/")) == [own]
        assert usernames(client.get("/api/users/eve/following/")) == [own]
    assert set(usernames(APIClient().get("/api/users/eve/followers/"))) == {"ann", "bob"}


def test_people_may_block_each_other_and_each_can_end_their_own(as_ann: APIClient, as_bob: APIClient) -> None:
    assert as_ann.put("/api/users/bob/block/").status_code == 200
    assert as_bob.put("/api/users/ann/block/").status_code == 200
    assert as_ann.get("/api/users/bob/").status_code == as_bob.get("/api/users/ann/").status_code == 404
    assert as_ann.delete("/api/users/bob/block/").status_code == 200
    assert as_ann.get("/api/users/bob/").status_code == 404
    assert as_bob.get("/api/users/ann/").json()["is_blocked"] is True


@pytest.mark.django_db(transaction=True)
def test_a_block_and_follows_at_once_never_end_with_both(ann: User, bob: User) -> None:
    for _ in range(12):
        calls: list[Callable[[], int]] = [
            lambda: client_of(ann).put("/api/users/bob/follow/").status_code,
            lambda: client_of(bob).put("/api/users/ann/follow/").status_code,
            lambda: client_of(ann).put("/api/users/bob/block/").status_code,
            lambda: client_of(bob).put("/api/users/ann/block/").status_code,
        ]
        follow, follow_back, block, block_back = at_once(calls)
        assert (block, block_back) == (200, 200)
        assert {follow, follow_back} <= {200, 404, 409}
        assert not Follow.objects.exists()
        assert (counts(ann), counts(bob)) == ((0, 0), (0, 0))
        assert Block.objects.count() == 2
        Block.objects.all().delete()
