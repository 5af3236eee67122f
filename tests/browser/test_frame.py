"""`/` itself: its policy, and to whom it offers the demo people."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from core.demo import DEMO_PEOPLE
from tests.factories import SellerFactory, UserFactory


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
    html = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", html)


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
    with django_assert_num_queries(1):
        html = client.get("/").content.decode()
    for role, username in DEMO_PEOPLE.items():
        assert f"Sign in as demo {role}" in html
        assert f'data-username="{username}"' in html


@pytest.mark.usefixtures("demo_people")
def test_demo_people_are_never_offered_in_production(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        html = client.get("/").content.decode()
    assert "data-demo" not in html


def test_nobody_is_offered_who_is_not_there(client: Client, settings: Settings, db: None) -> None:
    settings.DEBUG = True
    assert "data-demo" not in client.get("/").content.decode()


def test_the_page_is_only_read(client: Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405
