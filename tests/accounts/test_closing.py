"""DELETE /api/me/: a closed account follows nobody, and nobody follows it."""

import time
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction
from rest_framework.test import APIClient

from accounts import tasks
from accounts.models import Follow, Profile, User
from accounts.services.follows import follow
from core.errors import NotFound
from tests.accounts.conftest import events_on
from tests.actors import client_of
from tests.concurrently import someone_waits_for_a_lock
from tests.factories import PASSWORD, UserFactory
from tests.jobs import run_jobs


def counts(user: User) -> tuple[int, int]:
    profile = Profile.objects.get(user=user)
    return profile.follower_count, profile.following_count


@pytest.mark.parametrize(("body", "code"), [({}, "invalid"), ({"password": "wrong"}, "wrong_password")])
def test_closing_takes_the_password(as_ann: APIClient, body: dict[str, str], code: str) -> None:
    refused = as_ann.delete("/api/me/", body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert list(refused.json()["errors"]) == ["password"]
    assert as_ann.get("/api/me/").status_code == 200


def test_wrong_passwords_at_closing_count_as_failed_sign_ins(as_ann: APIClient) -> None:
    for _ in range(5):
        assert as_ann.delete("/api/me/", {"password": "wrong"}).status_code == 400
    assert as_ann.delete("/api/me/", {"password": PASSWORD}).status_code == 429
    assert APIClient().post("/api/auth/token/", {"username": "ann", "password": PASSWORD}).status_code == 429


def test_the_follows_of_a_closed_account_end_and_are_no_longer_counted(
    as_ann: APIClient, as_bob: APIClient, ann: User, bob: User
) -> None:
    eve = UserFactory(username="eve")
    as_eve = client_of(eve)
    for client, username in ((as_ann, "bob"), (as_eve, "bob"), (as_bob, "ann"), (as_eve, "ann"), (as_ann, "eve")):
        client.put(f"/api/users/{username}/follow/")
    as_ann.delete("/api/me/", {"password": PASSWORD})
    assert "accounts.end_follows" in run_jobs()
    assert (counts(ann), counts(bob), counts(eve)) == ((0, 0), (1, 0), (0, 1))
    assert Follow.objects.count() == 1
    heard = events_on(f"user:{bob.pk}")[-1]
    assert (heard["type"], heard["actor"]["id"], heard["follower_count"]) == ("follow.deleted", ann.pk, 1)


def test_many_follows_end_in_chunks(monkeypatch: pytest.MonkeyPatch, as_ann: APIClient, ann: User) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    for user in UserFactory.create_batch(5):
        client_of(user).put("/api/users/ann/follow/")
        as_ann.put(f"/api/users/{user.username}/follow/")
    as_ann.delete("/api/me/", {"password": PASSWORD})
    run_jobs()
    assert not Follow.objects.exists()
    assert {counts(user) for user in User.objects.all()} == {(0, 0)}


def test_an_account_that_was_opened_again_keeps_its_follows(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/follow/")
    as_ann.delete("/api/me/", {"password": PASSWORD})
    User.objects.filter(pk=ann.pk).update(is_active=True)
    run_jobs()
    assert (counts(ann), counts(bob)) == ((0, 1), (1, 0))


@pytest.mark.django_db(transaction=True)
def test_a_follow_that_is_under_way_while_the_account_closes_does_not_outlive_it(ann: User, bob: User) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    closed = Event()

    def close() -> None:
        try:
            client_of(bob).delete("/api/me/", {"password": PASSWORD})
            run_jobs()
        finally:
            connections.close_all()
            closed.set()

    closing = Thread(target=close)
    with transaction.atomic():
        follow(follower=ann, followee=bob)
        closing.start()
        deadline = time.monotonic() + 20
        while not closed.is_set() and not someone_waits_for_a_lock():
            assert time.monotonic() < deadline
            closed.wait(0.02)
    closing.join()
    assert not Follow.objects.exists()
    assert (counts(ann), counts(bob)) == ((0, 0), (0, 0))


def test_nobody_follows_an_account_that_closed_since_it_was_read(ann: User, bob: User) -> None:
    client_of(bob).delete("/api/me/", {"password": PASSWORD})
    with pytest.raises(NotFound):
        follow(follower=ann, followee=bob)
    assert not Follow.objects.exists()
