"""With the limits of a new installation: reading uses up nothing that signing in, refreshing or uploading needs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver, reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.views.me import MeView
from media_pipeline.views.with_picture import WithPictureView
from tests.accounts.conftest import bearer, sign_in
from tests.actors import client_of
from tests.factories import PASSWORD
from tests.routed import keys_of, methods_of, routes

DEFAULTS = {
    **{"anon": "10/min", "user": "100/min", "auth": "20/min", "register": "20/min"},
    **{"refresh": "60/min", "refresh_address": "600/min", "upload": "60/hour", "import": "20/hour"},
}
REFRESH = "/api/auth/token/refresh/"
POLICY = "RateLimit-Policy"


@pytest.fixture(autouse=True)
def limited(settings: Settings) -> None:
    settings.THROTTLES = DEFAULTS


def read_until_refused(client: APIClient, *, most: int) -> None:
    codes = [client.get("/api/recipes/").status_code for _ in range(most + 1)]
    assert codes == [200] * most + [429]


def names(response: Any) -> list[str]:
    """The limits that RateLimit-Policy and RateLimit name."""
    policies, states = ([part.split(";")[0] for part in response[name].split(", ")] for name in (POLICY, "RateLimit"))
    assert policies == states
    return [name.strip('"') for name in policies]


def own_limits() -> Iterator[Any]:
    """(method, address, who) of each write whose view has limits of its own.

    What anonymous clients send to views with pictures is not even read: it counts as any request of theirs.
    """
    for name, pattern in routes(get_resolver()):
        callback: Any = getattr(pattern.callback, "view", pattern.callback)
        view = getattr(callback, "cls", None)
        if getattr(view, "throttle_scope", None) is None and not hasattr(view, "throttle_keys"):
            continue
        if view is MeView:  # only its DELETE has a limit of its own
            continue
        kwargs = dict.fromkeys(keys_of(pattern), 1)
        # The addresses of the earlier systems have no names.
        named = pattern.name is not None
        address = reverse(name, kwargs=kwargs) if named else "/" + re.sub("<[^>]+>", "1", str(pattern.pattern))
        for method in sorted(methods_of(pattern) - {"GET", "DELETE"}):
            for who in ["bob"] if issubclass(view, WithPictureView) else ["anyone", "bob"]:
                yield pytest.param(method, address, who, id=f"{method} {address} {who}")


def test_default_settings_are_those_of_this_file() -> None:
    from core import settings as defaults

    assert defaults.THROTTLES == DEFAULTS


@pytest.mark.parametrize(("method", "address", "who"), list(own_limits()))
def test_reading_takes_nothing_from_writes_with_limits_of_their_own(
    method: str, address: str, who: str, settings: Settings, anyone: APIClient, as_bob: APIClient
) -> None:
    settings.THROTTLES = {**DEFAULTS, "user": "10/min"}
    client = anyone if who == "anyone" else as_bob
    read_until_refused(client, most=10)
    response = client.generic(method, address, b'{"image": "%s"}' % (b"x" * 64), content_type="application/json")
    assert response.status_code != 429, response.content
    assert not {"anon", "user"} & set(names(response))


BODIES = [(b"{" * 64, "application/json", 400), (b"x" * 64, "text/xml", 415)]


@pytest.mark.parametrize(("body", "content_type", "status"), BODIES, ids=["no JSON", "another type"])
@pytest.mark.parametrize("address", [REFRESH, "/api/recipes/", "/api/auth/token/", "/o/token/"])
def test_a_body_that_no_parser_takes_is_refused_and_counted(
    anyone: APIClient, as_bob: APIClient, address: str, body: bytes, content_type: str, status: int
) -> None:
    answer = as_bob.generic("POST", address, body, content_type=content_type)
    assert (answer.status_code, len(names(answer))) == (status, 1)
    answer = anyone.generic("POST", address, body, content_type=content_type)
    assert (answer.status_code, len(names(answer))) == (401 if address == "/api/recipes/" else status, 1)


def test_writes_with_limits_of_their_own_take_nothing_from_reading(anyone: APIClient, ann: User) -> None:
    for _ in range(15):
        assert anyone.post(REFRESH, {"refresh": "x"}).status_code == 401
        assert anyone.post("/api/auth/password/reset/", {"email": "ann@example.com"}).status_code == 202
    read_until_refused(anyone, most=10)


def test_who_has_read_too_much_signs_in_refreshes_and_signs_out(anyone: APIClient, ann: User) -> None:
    read_until_refused(anyone, most=10)
    entered = anyone.post("/api/auth/token/", {"username": "ann", "password": PASSWORD})
    assert (entered.status_code, names(entered)) == (200, ["auth"])
    refreshed = anyone.post(REFRESH, {"refresh": entered.json()["refresh"]})
    assert (refreshed.status_code, names(refreshed)) == (200, ["refresh", "refresh_address"])
    left = anyone.post("/api/auth/logout/", {"refresh": refreshed.json()["refresh"]})
    assert (left.status_code, names(left)) == (204, ["refresh", "refresh_address"])
    entered = anyone.post("/auth/login/", {"username": "ann", "password": PASSWORD})
    assert (entered.status_code, names(entered)) == (200, ["auth"])


def test_guessing_passwords_locks_nobody_of_the_address_out_of_a_session(anyone: APIClient, ann: User) -> None:
    reply = sign_in("ann")
    codes = [anyone.post("/api/auth/token/", {"username": f"u{n}", "password": "wrong"}).status_code for n in range(20)]
    assert codes == [401] * 19 + [429]
    assert anyone.post(REFRESH, {"refresh": reply["refresh"]}).status_code == 200


def test_each_session_refreshes_within_a_limit_of_its_own(anyone: APIClient, ann: User, settings: Settings) -> None:
    settings.THROTTLES = {**DEFAULTS, "refresh": "2/min"}
    one, other = sign_in("ann")["refresh"], sign_in("ann")["refresh"]
    for _ in range(2):
        answer = anyone.post(REFRESH, {"refresh": one})
        assert answer.status_code == 200
        one = answer.json()["refresh"]
    refused = anyone.post(REFRESH, {"refresh": one})
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 60
    # From anywhere, and yet the session lives and the other one is free.
    assert anyone.post(REFRESH, {"refresh": one}, REMOTE_ADDR="192.0.2.9").status_code == 429
    assert bearer(answer.json()["access"]).get("/api/me/").status_code == 200
    assert anyone.post(REFRESH, {"refresh": other}).status_code == 200


def test_a_forged_token_uses_up_no_sessions_limit(anyone: APIClient, ann: User, settings: Settings) -> None:
    settings.THROTTLES = {**DEFAULTS, "refresh": "1/min"}
    good = sign_in("ann")["refresh"]
    header, payload, signature = good.split(".")
    forged = f"{header}.{payload}.{signature[::-1]}"
    for _ in range(3):
        refused = anyone.post(REFRESH, {"refresh": forged})
        assert (refused.status_code, names(refused)) == (401, ["refresh_address"])
    assert anyone.post(REFRESH, {"refresh": good}).status_code == 200


@pytest.mark.parametrize("body", [b'{"refresh": "x"}', b"{", b"[1]"], ids=["no token", "no JSON", "no object"])
def test_what_is_no_token_at_all_counts_by_address(anyone: APIClient, settings: Settings, body: bytes) -> None:
    settings.THROTTLES = {**DEFAULTS, "refresh_address": "2/min"}
    answers = [anyone.generic("POST", REFRESH, body, content_type="application/json") for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert {answer[POLICY] for answer in answers} == {'"refresh_address";q=2;w=60'}


def test_switched_off_a_limit_is_not_replaced_by_the_general_one(anyone: APIClient, settings: Settings) -> None:
    settings.THROTTLES = {**DEFAULTS, "auth": "off"}
    read_until_refused(anyone, most=10)
    answers = [anyone.post("/api/auth/token/", {}) for _ in range(25)]
    assert {answer.status_code for answer in answers} == {400} and not any(POLICY in answer for answer in answers)


def test_a_signed_in_reader_still_uploads_at_the_limit_of_uploads(ann: User, settings: Settings) -> None:
    settings.THROTTLES = {**DEFAULTS, "user": "3/min", "upload": "2/hour"}
    client = client_of(ann)
    read_until_refused(client, most=3)
    body = {"filename": "a.jpg", "content_type": "image/jpeg", "length": 100}
    assert [client.post("/api/uploads/", body).status_code for _ in range(3)] == [201, 201, 429]
