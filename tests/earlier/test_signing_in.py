"""Registering and signing in where the earlier systems had it, by form or JSON."""

from typing import Any

import pytest
from django.test import Client

from tests.earlier.conftest import successor_of
from tests.factories import PASSWORD, UserFactory

JSON = "application/json"


@pytest.mark.parametrize("address", ["/auth/signup/", "/users/create/"])
@pytest.mark.parametrize("how", [{}, {"content_type": JSON}], ids=["form", "JSON"])
def test_a_person_signs_up_and_is_signed_in(client: Client, address: str, how: Any) -> None:
    fields = {"email": "ann@example.com", "username": "ann", "password": PASSWORD, "role": "seller"}
    response = client.post(address, fields, **how)
    assert response.status_code == 201, response.content
    assert successor_of(response) == "/api/auth/register/"
    own = client.get("/api/me/", headers={"Authorization": f"Bearer {response.json()['access']}"}).json()
    assert (own["username"], own["role"]) == ("ann", "seller")


@pytest.mark.parametrize("name", ["ann", "ann@example.com"])
def test_a_person_logs_in_and_refreshes(client: Client, name: str) -> None:
    UserFactory(username="ann")
    field = "email" if "@" in name else "username"
    login = client.post("/auth/login/", {field: name, "password": PASSWORD})
    assert (login.status_code, successor_of(login)) == (200, "/api/auth/token/")
    refreshed = client.post("/auth/token/refresh/", {"refresh": login.json()["refresh"]})
    assert (refreshed.status_code, successor_of(refreshed)) == (200, "/api/auth/token/refresh/")
    assert {"access", "refresh"} <= set(refreshed.json())


def test_a_refused_login_tells_of_its_successor_too(client: Client) -> None:
    response = client.post("/auth/login/", {"username": "ann", "password": "wrong"}, content_type=JSON)
    assert (response.status_code, response.json()["code"]) == (401, "bad_credentials")
    assert successor_of(response) == "/api/auth/token/"


def test_nobody_signs_up_as_an_admin(client: Client) -> None:
    response = client.post("/users/create/", {"email": "eve@example.com", "password": PASSWORD, "role": "admin"})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["role"])
