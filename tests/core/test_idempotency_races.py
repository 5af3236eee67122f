"""Requests with one Idempotency-Key that meet, on connections of their own: one effect, whoever is slow or killed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models import F
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from core.models import IdempotencyKey
from recipes.models import Recipe
from tests.actors import client_of
from tests.concurrently import at_once
from tests.core import idempotent_routes
from tests.core.test_idempotency import notes, post
from tests.factories import SellerFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

SOUP = {"text": "soup"}
WAITING = {**SOUP, "wait": True}


@pytest.fixture
def user() -> User:
    return UserFactory()


@pytest.fixture
def routes(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.core.idempotent_routes"
    idempotent_routes.written.clear()
    idempotent_routes.leave.clear()
    yield
    idempotent_routes.leave.set()


@pytest.fixture
def begin(routes: None) -> Iterator[Callable[[APIClient], "Future[Any]"]]:
    """begin(client) posts WAITING from another thread, and returns once its note is written and not committed."""

    def send(client: APIClient) -> Any:
        try:
            return post(client, WAITING)
        finally:
            connections.close_all()

    with ThreadPoolExecutor() as pool:

        def begun(client: APIClient) -> "Future[Any]":
            idempotent_routes.written.clear()
            sent = pool.submit(send, client)
            assert idempotent_routes.written.wait(20), "the request was not run"
            return sent

        yield begun
        idempotent_routes.leave.set()


def end_leases() -> None:
    IdempotencyKey.objects.update(leased_until=F("leased_until") - timedelta(minutes=2))


def test_while_a_request_runs_the_same_one_is_in_flight_and_another_one_a_mismatch(begin: Any, user: User) -> None:
    client = client_of(user)
    first = begin(client)
    second = post(client, WAITING)
    assert (second.status_code, second.json()["code"]) == (409, "in_flight")
    assert post(client, {"text": "stew"}).json()["code"] == "idempotency_mismatch"
    idempotent_routes.leave.set()
    assert first.result(20).status_code == 201
    third = post(client, WAITING)
    assert (third.content, third["Idempotency-Replayed"]) == (first.result().content, "true")
    assert notes() == ["soup"]


def test_a_claim_past_its_lease_is_taken_over_and_its_slow_holder_leaves_nothing(begin: Any, user: User) -> None:
    slow = begin(client_of(user))
    end_leases()
    taker = begin(client_of(user))
    # Both have written now, and neither has committed.
    idempotent_routes.leave.set()
    refused, created = slow.result(20), taker.result(20)
    assert (refused.status_code, refused.json()["code"], created.status_code) == (409, "in_flight", 201)
    assert notes() == ["soup"]
    assert post(client_of(user), WAITING).content == created.content


def test_of_many_that_take_over_what_a_killed_server_left_one_creates(routes: None, user: User) -> None:
    post(client_of(user), SOUP)
    # As a kill before the commit leaves it: the claim, without the effect and the answer.
    IdempotencyKey.objects.update(status=None, body=None, headers={})
    notes_before = len(notes())
    assert post(client_of(user), SOUP).json()["code"] == "in_flight"
    end_leases()
    clients = [client_of(user) for _ in range(6)]
    answers = at_once([lambda client=client: post(client, SOUP) for client in clients])  # type: ignore[misc]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(notes()) == notes_before + 1


def test_of_many_at_once_one_publishes_a_recipe() -> None:
    clients = [client_of(seller) for seller in [SellerFactory()] * 4]
    recipe = {"name": "Soup", "steps": ["Boil."]}
    answers = at_once([lambda client=client: post(client, recipe, path="/api/recipes/") for client in clients])  # type: ignore[misc]
    assert {answer.status_code for answer in answers} <= {201, 409}
    stored = Recipe.objects.get()
    again = post(clients[0], recipe, path="/api/recipes/")
    assert (again.status_code, again["Idempotency-Replayed"], again.json()["id"]) == (201, "true", stored.pk)
    assert again["Location"] == f"/api/recipes/{stored.pk}/" and again["ETag"].startswith('"1.')
    assert Recipe.objects.count() == 1
