"""GET PATCH DELETE /api/me/"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Profile, User
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.actors import client_of
from tests.factories import PASSWORD


def test_people_see_their_own_email(as_ann: APIClient, ann: User) -> None:
    me = as_ann.get("/api/me/").json()
    assert me["id"] == ann.pk
    assert me["email"] == "ann@example.com"
    assert me["premium_until"] is None
    assert me["unread_notifications"] == 0


def test_a_profile_can_be_changed_field_by_field(as_ann: APIClient) -> None:
    changes = {
        "bio": "Bread, mostly.",
        "website": "https://ann.example/soup",
        "display_name": "Ann of the Soups",
        "first_name": "Ann",
        "last_name": "Lee",
    }
    for name, value in changes.items():
        response = as_ann.patch("/api/me/", {name: value})
        assert response.status_code == 200
        assert response.json()[name] == value
    assert as_ann.get("/api/me/").json() | changes == as_ann.get("/api/me/").json()


def test_an_emptied_display_name_shows_the_username(as_ann: APIClient) -> None:
    as_ann.patch("/api/me/", {"display_name": "Ann"})
    assert as_ann.patch("/api/me/", {"display_name": ""}).json()["display_name"] == "ann"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("role", "seller"),
        ("email", "other@example.com"),
        ("username", "queen"),
        ("password", "another long one"),
        ("is_staff", True),
        ("is_superuser", True),
        ("staff_role", "admin"),
        ("premium_until", "2099-01-01T00:00:00Z"),
        ("is_active", False),
        ("id", 1),
    ],
)
def test_what_is_not_ones_to_change_is_refused_and_nothing_is_stored(
    as_ann: APIClient, ann: User, name: str, value: Any
) -> None:
    before = User.objects.values().get(pk=ann.pk)
    response = as_ann.patch("/api/me/", {"bio": "new", name: value})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]
    assert User.objects.values().get(pk=ann.pk) == before
    assert Profile.objects.get(user=ann).bio == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("website", "javascript:alert(1)"),
        ("website", "ann.example"),
        ("website", "ftp://ann.example"),
        ("website", "https://ann.example/" + "x" * 200),
        ("bio", "x" * 501),
        ("bio", 5),
        ("bio", None),
        ("display_name", "x" * 81),
        ("display_name", ["Ann"]),
        ("first_name", True),
    ],
)
def test_a_bad_value_is_400_under_its_field(as_ann: APIClient, name: str, value: Any) -> None:
    response = as_ann.patch("/api/me/", {name: value})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]


def test_an_edit_of_what_was_changed_meanwhile_is_412(as_ann: APIClient) -> None:
    tag = as_ann.get("/api/me/")["ETag"]
    changed = as_ann.patch("/api/me/", {"bio": "one"}, HTTP_IF_MATCH=tag)
    assert changed.status_code == 200
    assert as_ann.patch("/api/me/", {"bio": "two"}, HTTP_IF_MATCH=tag).status_code == 412
    assert as_ann.get("/api/me/").json()["bio"] == "one"
    assert as_ann.patch("/api/me/", {"bio": "two"}, HTTP_IF_MATCH=changed["ETag"]).status_code == 200


@pytest.mark.parametrize("name", ["picture", "profile_picture", "picture_url", "cover", "cover_picture", "cover_url"])
def test_a_picture_in_an_edit_is_refused_with_where_it_goes(as_ann: APIClient, name: str) -> None:
    refused = as_ann.patch("/api/me/", {"bio": "new", name: "data:image/gif;base64,R0lGODlhAQABAAAAACw="})
    kind = "cover" if "cover" in name else "picture"
    assert (refused.status_code, refused.json()["errors"]) == (400, {name: [f"Send it to PUT /api/me/{kind}/."]})
    assert as_ann.get("/api/me/").json()["bio"] != "new"


def test_a_follow_or_an_edit_that_changes_nothing_uses_up_no_version(as_ann: APIClient, as_bob: APIClient) -> None:
    as_ann.patch("/api/me/", {"bio": "one"})
    tag = as_ann.get("/api/me/")["ETag"]
    as_bob.put("/api/users/ann/follow/")
    as_ann.patch("/api/me/", {"bio": "one"})
    assert as_ann.patch("/api/me/", {"bio": "two"}, HTTP_IF_MATCH=tag).status_code == 200


def test_a_token_that_is_not_accepted_is_told_from_none(ann: User) -> None:
    """RFC 6750, 3: a client that is told `invalid_token` refreshes; one that sent no token signs in."""
    expected = {
        "Bearer not.a.token": 'Bearer realm="api", error="invalid_token"',
        f"Bearer {sign_in('ann')['refresh']}": 'Bearer realm="api", error="invalid_token"',
        "": 'Bearer realm="api"',
    }
    for header, challenge in expected.items():
        answer = APIClient().get("/api/me/", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, challenge)
    wrong = APIClient().post("/api/auth/token/", {"username": "ann", "password": "wrong"})
    assert (wrong.status_code, wrong["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_an_unchanged_profile_is_304(as_ann: APIClient) -> None:
    tag = as_ann.get("/api/me/")["ETag"]
    assert as_ann.get("/api/me/", HTTP_IF_NONE_MATCH=tag).status_code == 304


def test_a_closed_account_is_invisible_and_signed_out_everywhere(anyone: APIClient, ann: User) -> None:
    here, there = sign_in("ann"), sign_in("ann")
    assert bearer(here["access"]).delete("/api/me/", {"password": PASSWORD}).status_code == 204
    for reply in (here, there):
        assert bearer(reply["access"]).get("/api/me/").status_code == 401
        assert anyone.post("/api/auth/token/refresh/", {"refresh": reply["refresh"]}).status_code == 401
    assert anyone.get("/api/users/ann/").status_code == 404
    assert anyone.get("/api/users/").json()["results"] == []
    assert anyone.post("/api/auth/token/", {"username": "ann", "password": "correct horse battery"}).status_code == 401
    assert [event["type"] for event in events_on(f"inbox:{ann.pk}")] == ["session.revoked"] * 2


def test_a_closed_account_is_in_nobodys_lists(anyone: APIClient, ann: User, bob: User) -> None:
    client_of(ann).put("/api/users/bob/follow/")
    client_of(bob).put("/api/users/ann/follow/")
    client_of(ann).delete("/api/me/", {"password": PASSWORD})
    assert anyone.get("/api/users/bob/followers/").json()["results"] == []
    assert anyone.get("/api/users/bob/following/").json()["results"] == []
    assert client_of(bob).put("/api/users/ann/follow/").status_code == 404
