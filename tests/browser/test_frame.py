"""`/` itself: its policy, and to whom it offers the demo people."""

import html
import re
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from core import first_page
from core.demo import DEMO_PEOPLE
from tests.actors import client_of
from tests.factories import SellerFactory, UserFactory

# Those of the recipes that come along with the page, read at most once a second.
RECIPES = 2


@pytest.fixture(autouse=True)
def nothing_kept(db: None) -> None:
    first_page.forget_first()


def first_of(page: str) -> Any:
    """What came along with the page."""
    found = re.search(r'data-first="([^"]*)"', page)
    assert found is not None
    return orjson.loads(html.unescape(found[1])) if found[1] else None


@pytest.fixture
def demo_people(db: None) -> None:
    UserFactory(username=DEMO_PEOPLE["customer"])
    SellerFactory(username=DEMO_PEOPLE["seller"])


def test_the_page_runs_nothing_but_its_own_files(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    page = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)


def test_pictures_may_come_from_where_they_are_stored(client: Client, settings: Settings) -> None:
    default = settings.STORAGES["default"]
    options = {**default["OPTIONS"], "base_url": "https://pictures.example/simmer/"}
    settings.STORAGES = {**settings.STORAGES, "default": {**default, "OPTIONS": options}}
    assert " https://pictures.example;" in client.get("/")["Content-Security-Policy"]


@pytest.mark.usefixtures("demo_people")
def test_demo_people_are_offered_with_debug(
    client: Client, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEBUG = True
    with django_assert_num_queries(1 + RECIPES):
        page = client.get("/").content.decode()
    for role, username in DEMO_PEOPLE.items():
        assert f"Sign in as demo {role}" in page
        assert f'data-username="{username}"' in page


@pytest.mark.usefixtures("demo_people")
def test_demo_people_are_never_offered_in_production(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(RECIPES):
        page = client.get("/").content.decode()
    assert "data-demo" not in page


def test_nobody_is_offered_who_is_not_there(client: Client, settings: Settings, db: None) -> None:
    settings.DEBUG = True
    assert "data-demo" not in client.get("/").content.decode()


def test_the_page_is_only_read(client: Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405


def test_the_newest_recipes_come_along_as_any_client_reads_them(client: Client) -> None:
    seller = client_of(SellerFactory())
    for visibility in ("public", "premium"):
        body = {"name": '<b>"Soup"</b>', "description": "Hot & </ul>", "visibility": visibility}
        assert seller.post("/api/recipes/", body).status_code == 201
    listed = client.get("/api/recipes/")
    first = first_of(client.get("/").content.decode())
    assert first == {"results": listed.json()["results"], "position": listed["Stream-Position"]}
    assert [recipe["description"] for recipe in first["results"]] == ["", "Hot & </ul>"]


def test_however_often_the_page_is_loaded_the_recipes_are_read_once_a_second(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = 1000.0
    monkeypatch.setattr(first_page.time, "monotonic", lambda: now)
    with django_assert_num_queries(RECIPES):
        for _ in range(5):
            client.get("/")
    now += 1.1
    with django_assert_num_queries(RECIPES):
        client.get("/")


def test_the_page_is_there_without_the_database(client: Client) -> None:
    def away(*args: Any) -> Any:
        raise OperationalError("the server closed the connection unexpectedly")

    with connection.execute_wrapper(away):
        answer = client.get("/")
    assert (answer.status_code, first_of(answer.content.decode())) == (200, None)
