"""PUT DELETE /api/users/{username}/mute/: hearing no more of somebody, who does not know."""

import pytest
from rest_framework.test import APIClient

from accounts.models import Mute, User
from tests.accounts.conftest import events_on


def test_a_mute_is_heard_by_the_muter_alone_and_once(as_ann: APIClient, ann: User, bob: User) -> None:
    for _ in range(2):
        response = as_ann.put("/api/users/Bob/mute/")
        assert (response.status_code, response.json()) == (200, {"user_id": bob.pk, "is_muted": True})
    [event] = events_on(f"inbox:{ann.pk}")
    assert (event["type"], event["muter_id"], event["muted_id"]) == ("mute.created", ann.pk, bob.pk)
    assert events_on(f"inbox:{bob.pk}") == events_on(f"user:{bob.pk}") == []


def test_an_unmute_is_heard_once(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/mute/")
    for _ in range(2):
        response = as_ann.delete("/api/users/bob/mute/")
        assert (response.status_code, response.json()) == (200, {"user_id": bob.pk, "is_muted": False})
    assert [event["type"] for event in events_on(f"inbox:{ann.pk}")] == ["mute.created", "mute.deleted"]


def test_nobody_mutes_themselves(as_ann: APIClient) -> None:
    response = as_ann.put("/api/users/ann/mute/")
    assert (response.status_code, response.json()["code"]) == (400, "mute_oneself")
    assert not Mute.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete"])
def test_who_is_not_there_is_404(as_ann: APIClient, method: str) -> None:
    assert getattr(as_ann, method)("/api/users/nobody/mute/").status_code == 404


def test_the_muted_see_no_difference_and_may_be_followed(as_ann: APIClient, as_bob: APIClient) -> None:
    before = as_bob.get("/api/users/ann/").json()
    as_ann.put("/api/users/bob/mute/")
    assert as_bob.get("/api/users/ann/").json() == before
    assert as_ann.put("/api/users/bob/follow/").status_code == 200
    page = as_ann.get("/api/users/bob/").json()
    assert (page["is_muted"], page["is_following"], page["is_blocked"]) == (True, True, False)
