"""Recipes of pages that are fetched."""

from typing import Any

import orjson
import pytest
from django.db import connection

from accounts.models import User
from core import fetching
from recipes.models import Recipe
from tests.factories import UserFactory
from tests.pages import Pages, leads_to, says
from tests.recipes.conftest import Person
from tests.recipes.test_import import IMPORT, PAGE, SOUP, imported

SOUP_PAGE = PAGE % orjson.dumps(SOUP).decode()


def test_a_page_is_fetched_and_its_recipe_published(seller: Person, pages: Pages) -> None:
    pages["/"], pages["/soup"] = leads_to("/soup"), says(SOUP_PAGE)
    recipe = imported(seller, url=pages.url())["recipe"]
    assert (recipe["name"], len(recipe["ingredients"]), len(recipe["steps"])) == ("Tomato soup", 2, 2)
    assert [path for path, _ in pages.asked] == ["/", "/soup"]


@pytest.mark.parametrize("kind", ["application/ld+json", "application/json; charset=utf-8"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_json_ld_is_fetched_as_well(seller: Person, pages: Pages, kind: str, mark: bytes) -> None:
    pages["/"] = says(mark + orjson.dumps({"@graph": [SOUP]}), kind)
    assert imported(seller, url=pages.url())["recipe"]["name"] == "Tomato soup"


@pytest.mark.parametrize(
    ("kind", "meta", "codec"),
    [
        ("text/html; charset=iso-8859-1", "", "latin-1"),
        ("text/html", '<meta charset="windows-1252">', "cp1252"),
        ("text/html", "", "utf-8"),
        ("text/html; charset=nonsense", "", "utf-8"),
        ("text/html; charset=punycode", "", "utf-8"),
    ],
)
def test_a_page_is_read_in_its_own_letters(seller: Person, pages: Pages, kind: str, meta: str, codec: str) -> None:
    text = SOUP_PAGE.replace("Tomato soup", "Crème brûlée").replace("<head>", f"<head>{meta}")
    pages["/"] = says(text.encode(codec), kind)
    assert imported(seller, url=pages.url())["recipe"]["name"] == "Crème brûlée"


def test_a_site_that_is_known_is_read_by_its_own_rules(
    seller: Person, pages: Pages, names: dict[str, list[list[str]]]
) -> None:
    """recipe-scrapers takes the ingredients of Love and Lemons from the page, not from what it says of itself."""
    page = SOUP_PAGE.replace("Hi", '<ul><li class="wprm-recipe-ingredient">2 lemons</li></ul>')
    pages["/"] = says(page)
    found = {}
    for host in ("www.loveandlemons.com", "food.example"):
        names[host] = [["127.0.0.1"]]
        recipe = imported(seller, url=pages.url(host=host))["recipe"]
        found[host] = [line["raw"] for line in recipe["ingredients"]]
        assert (recipe["name"], recipe["servings"], recipe["cook_minutes"]) == ("Tomato soup", 4, 65)
        assert [step["text"] for step in recipe["steps"]] == ["Roast the tomatoes.", "Blend."]
    assert found["www.loveandlemons.com"] == ["2 lemons"]
    assert found["food.example"] == ["1 kg tomatoes, ripe", "2 tbsp olive oil"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "url_refused"),
        ("http://2130706433/", "url_refused"),
        ("file:///etc/passwd", "url_refused"),
        ("/missing", "fetch_failed"),
        ("/picture", "wrong_type"),
        ("/huge", "too_large"),
        ("/inside", "url_refused"),
        ("/empty", "no_recipe"),
        ("/broken", "no_recipe"),
    ],
)
def test_what_cannot_be_fetched_is_422_and_says_why(seller: Person, pages: Pages, url: str, code: str) -> None:
    pages["/missing"], pages["/picture"] = says("", status=404), says("x", "image/png")
    pages["/huge"], pages["/inside"] = says(b"x" * 3_000_000), leads_to("http://127.0.0.1:6379/")
    pages["/empty"], pages["/broken"] = says("<p>Hello"), says("{", "application/json")
    answer = seller.post(IMPORT, {"url": pages.url(url) if url.startswith("/") else url})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Recipe.objects.exists()


def test_others_than_sellers_have_nothing_fetched(customer: Person, pages: Pages) -> None:
    assert customer.post(IMPORT, {"url": pages.url()}).status_code == 403
    assert pages.asked == []


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["plain", "with a key"])
@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_held_while_a_page_is_fetched(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    seller = Person(UserFactory(username="sally", role=User.Role.SELLER))
    pages["/"] = says(SOUP_PAGE)
    within: list[bool] = []
    fetched = fetching.is_allowed

    def is_allowed(address: str, port: int) -> bool:
        within.append(connection.in_atomic_block)
        return fetched(address, port)

    monkeypatch.setattr(fetching, "is_allowed", is_allowed)
    assert seller.post(IMPORT, {"url": pages.url()}, headers=headers).status_code == 201
    assert within == [False]


def test_sent_again_under_its_key_it_is_not_fetched_again(seller: Person, pages: Pages) -> None:
    pages["/"] = says(SOUP_PAGE)
    first, again = (seller.post(IMPORT, {"url": pages.url()}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.content, len(pages.asked)) == (201, first.content, 1)


def test_when_too_many_are_fetched_one_is_told_to_come_again(
    seller: Person, pages: Pages, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEB_THREADS = 4
    monkeypatch.setattr(fetching, "_fetching", 1)
    answer = seller.post(IMPORT, {"url": pages.url()})
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert int(answer["Retry-After"]) >= 1
    assert imported(seller, jsonld=SOUP)["recipe"]["name"] == "Tomato soup"
