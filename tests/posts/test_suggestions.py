"""Whom to follow, and why."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.posts.conftest import Person

PATH = "/api/me/follow-suggestions/"


def suggested(viewer: Person, path: str = PATH) -> list[dict[str, Any]]:
    response = viewer.get(path)
    assert response.status_code == 200, response.content
    assert (response.json()["next"], response.json()["previous"]) == (None, None)
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def names(viewer: Person, path: str = PATH) -> list[str]:
    return [one["user"]["username"] for one in suggested(viewer, path)]


def test_friends_of_friends_come_first_the_most_connected_first(
    ann: Person, bob: Person, carl: Person, person: Callable[..., Person]
) -> None:
    dora, emil = person("dora"), person("emil")
    ann.follow(bob)
    ann.follow(carl)
    bob.follow(dora)
    bob.follow(emil)
    carl.follow(emil)
    first, second = suggested(ann)
    assert first["user"]["username"] == "emil"
    assert first["user"]["follower_count"] == 2
    assert (first["reason"]["kind"], first["reason"]["count"]) == ("followed_by", 2)
    assert {friend["username"] for friend in first["reason"]["people"]} == {"bob", "carl"}
    assert "email" not in first["user"]
    assert (second["user"]["username"], second["reason"]["count"]) == ("dora", 1)


def likes(viewer: Person, author: Person) -> None:
    assert viewer.put(f"/api/posts/{author.write('Enough. #Soup')['id']}/like/").status_code == 200


def saves(viewer: Person, author: Person) -> None:
    assert viewer.put(f"/api/posts/{author.write('Enough. #Soup')['id']}/save/").status_code == 200


def writes(viewer: Person, author: Person) -> None:
    viewer.write("Mine. #soup")


def rates(viewer: Person, author: Person) -> None:
    assert viewer.rate(author.create(tags=["soup"])["id"], 5).status_code == 201


@pytest.mark.parametrize("taste", [likes, saves, writes, rates])
def test_authors_of_tags_that_one_likes_are_suggested(
    ann: Person, bob: Person, sally: Person, taste: Callable[[Person, Person], None]
) -> None:
    bob.write("Hot. #soup #winter")
    taste(ann, sally)
    [of_bob] = [one for one in suggested(ann) if one["user"]["username"] == "bob"]
    assert of_bob["reason"] == {"kind": "shared_tags", "people": [], "count": 1, "tags": ["soup"]}


def test_what_one_rated_low_or_what_is_for_followers_suggests_nobody(ann: Person, bob: Person, sally: Person) -> None:
    bob.write("Hot. #soup")
    ann.rate(sally.create(tags=["soup"])["id"], 3)
    assert suggested(ann) == []
    carl_writes_for_followers = bob.write("Secret. #tea", visibility="followers")
    assert carl_writes_for_followers["tags"] == ["tea"]
    ann.write("#tea")
    assert suggested(ann) == []


def test_the_popular_are_the_fallback(ann: Person, bob: Person, carl: Person, person: Callable[..., Person]) -> None:
    for fan in (bob, person("fan")):
        fan.follow(carl)
    [one] = suggested(ann)
    assert one["user"]["username"] == "carl"
    assert one["reason"] == {"kind": "popular", "people": [], "count": 2, "tags": []}


@pytest.mark.parametrize("why", ["followed", "blocked", "blocks", "muted", "closed"])
def test_who_is_known_hidden_or_gone_is_not_suggested(ann: Person, bob: Person, carl: Person, why: str) -> None:
    ann.follow(bob)
    bob.follow(carl)
    bob.follow(ann)
    carl.write("#soup")
    ann.write("#soup")
    assert names(ann) == ["carl"]
    if why == "followed":
        ann.follow(carl)
    elif why == "blocked":
        ann.block(carl)
    elif why == "blocks":
        carl.block(ann)
    elif why == "muted":
        ann.mute(carl)
    else:
        carl.user.is_active = False
        carl.user.save()
    assert names(ann) == []


def test_a_limit_is_kept_and_nobody_comes_twice(ann: Person, bob: Person, person: Callable[..., Person]) -> None:
    ann.follow(bob)
    for number in range(4):
        bob.follow(person(f"p{number}"))
    assert len(set(names(ann))) == 4
    assert len(names(ann, f"{PATH}?limit=3")) == 3
    assert len(names(ann, f"{PATH}?limit=100")) == 4
    assert ann.get(f"{PATH}?limit=0").status_code == 400


def test_suggestions_cost_the_same_queries_for_5_and_50(
    ann: Person, bob: Person, person: Callable[..., Person]
) -> None:
    ann.follow(bob)
    counts = []
    for numbers in (range(5), range(5, 50)):
        for number in numbers:
            bob.follow(person(f"p{number}"))
        with CaptureQueriesContext(connection) as queries:
            assert len(suggested(ann, f"{PATH}?limit=100")) == numbers.stop
        counts.append(len(queries))
    # Who asks, the people and the reasons, their pages.
    assert counts == [3, 3]
