"""GET /api/users/ and /api/users/{username}/"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Follow, User
from tests.actors import client_of
from tests.factories import UserFactory

FIELDS = {
    "id", "username", "display_name", "role", "bio", "website", "picture", "cover", "picture_url",
    "cover_url", "follower_count", "following_count", "post_count", "recipe_count", "created_at", "is_following",
    "is_blocked", "is_muted",
}  # fmt: skip


def test_anyone_can_read_a_person_but_never_the_email(anyone: APIClient, ann: User) -> None:
    response = anyone.get("/api/users/ann/")
    assert response.status_code == 200
    assert set(response.json()) == FIELDS
    assert "ann@example.com" not in response.text


@pytest.mark.parametrize("path", ["/api/users/", "/api/users/?q=ann", "/api/users/bob/followers/", "/api/users/ann/"])
def test_no_email_is_shown_to_another_signed_in_person(as_bob: APIClient, ann: User, path: str) -> None:
    client_of(ann).put("/api/users/bob/follow/")
    response = as_bob.get(path)
    assert "ann" in response.text
    assert "@example.com" not in response.text


def test_a_username_is_found_in_any_case(anyone: APIClient, ann: User) -> None:
    assert anyone.get("/api/users/ANN/").json()["username"] == "ann"


@pytest.mark.parametrize("username", ["nobody", "a%00nn", "%E2%80%AE", "ann%0A", "x" * 300, "%25", "äöü"])
def test_a_person_who_is_not_there_is_404(anyone: APIClient, ann: User, username: str) -> None:
    response = anyone.get(f"/api/users/{username}/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_a_person_carries_the_position_of_their_channel(anyone: APIClient, ann: User) -> None:
    channel, epoch, offset = anyone.get("/api/users/ann/")["Stream-Position"].split(";")
    assert (channel, offset) == (f"user:{ann.pk}", "0")
    assert epoch


def test_an_unchanged_person_is_304_until_followed(anyone: APIClient, ann: User, as_bob: APIClient) -> None:
    tag = anyone.get("/api/users/ann/")["ETag"]
    assert anyone.get("/api/users/ann/", HTTP_IF_NONE_MATCH=tag).status_code == 304
    as_bob.put("/api/users/ann/follow/")
    assert anyone.get("/api/users/ann/", HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_signed_in_reader_sees_whom_they_follow(as_ann: APIClient, bob: User) -> None:
    assert as_ann.get("/api/users/bob/").json()["is_following"] is False
    as_ann.put("/api/users/bob/follow/")
    assert as_ann.get("/api/users/bob/").json()["is_following"] is True
    listed = {user["username"]: user["is_following"] for user in as_ann.get("/api/users/").json()["results"]}
    assert listed == {"ann": False, "bob": True}


@pytest.mark.parametrize("query", [{"q": "x" * 101}, {"q": "a\x00b"}, {"limit": 0}, {"limit": 101}, {"cursor": "junk"}])
def test_a_bad_query_is_400(anyone: APIClient, query: dict[str, Any]) -> None:
    response = anyone.get("/api/users/", query)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_pages_of_people_are_complete_and_link_to_each_other(anyone: APIClient) -> None:
    for _ in range(7):
        UserFactory()
    seen, url = [], "/api/users/?limit=3"
    while url:
        page = anyone.get(url).json()
        seen += [user["id"] for user in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_of_people_costs_the_same_for_few_and_many(
    ann: User, count: int, django_assert_num_queries: Any
) -> None:
    client = client_of(ann)
    for user in UserFactory.create_batch(count - 1):
        Follow.objects.create(follower=ann, followee=user)
    with django_assert_num_queries(2):
        assert len(client.get("/api/users/?limit=100").json()["results"]) == count


def test_a_person_costs_four_queries(as_ann: APIClient, bob: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        as_ann.get("/api/users/bob/")
