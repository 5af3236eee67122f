"""Finding recipes by words: /api/recipes/?q= and /api/search/."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recipes.models import Recipe
from tests.factories import RecipeFactory
from tests.recipes.conftest import Person


def found(person: Person, q: str, **params: Any) -> list[str]:
    """The names of what /api/recipes/ finds, which is what /api/search/ finds when nothing narrows it."""
    response = person.get("/api/recipes/?" + urlencode({"q": q, **params}))
    assert response.status_code == 200, response.content
    names = [recipe["name"] for recipe in response.json()["results"]]
    if not params:
        search = person.get("/api/search/?" + urlencode({"q": q}))
        assert [recipe["name"] for recipe in search.json()["results"]] == names
    return names


def refused(person: Person, q: str) -> bool:
    response = person.get("/api/recipes/?" + urlencode({"q": q}))
    assert response.status_code in (200, 400), (q, response.content)
    return response.status_code == 400 and list(response.json()["errors"]) == ["q"]


def test_names_tags_and_descriptions_are_searched(seller: Person, anonymous: Person) -> None:
    seller.create(name="Ratatouille", description="Slow.", tags=[])
    seller.create(name="Stew", description="With ratatouille inside.", tags=[])
    seller.create(name="Bake", description="Slow.", tags=["ratatouille"])
    seller.create(name="Pancakes", description="Fast.", tags=["breakfast"])
    # A name says more than a tag, and a tag more than a word of a text.
    assert found(anonymous, "ratatouille") == ["Ratatouille", "Bake", "Stew"]
    assert found(anonymous, "slow bake") == ["Bake"]


@pytest.mark.parametrize("q", ["tomato", "Tomatoes", "TOMATO", "tom", "soup tom", "soup, tomato!", "  tomato  "])
def test_other_forms_other_case_and_beginnings_are_found(seller: Person, anonymous: Person, q: str) -> None:
    seller.create(name="Tomatoes in a soup", description="", tags=[])
    seller.create(name="Bread", description="", tags=[])
    assert found(anonymous, q) == ["Tomatoes in a soup"]


@pytest.mark.parametrize("q", ["creme", "crème", "CRÈME", "cre\u0300me bru\u0302lee", "brûl"])
def test_accents_do_not_matter_however_they_are_written(seller: Person, anonymous: Person, q: str) -> None:
    seller.create(name="Crème brûlée", description="", tags=[])
    seller.create(name="Cream", description="", tags=[])
    assert found(anonymous, q) == ["Crème brûlée"]


def test_a_name_that_was_typed_with_marks_apart_is_found(seller: Person, anonymous: Person) -> None:
    seller.create(name="Cre\u0300me caramel", description="", tags=[])
    assert found(anonymous, "crème") == found(anonymous, "creme") == ["Crème caramel"]


def test_other_alphabets_are_searched_in_any_case(seller: Person, anonymous: Person) -> None:
    seller.create(name="БОРЩ", description="", tags=[])
    seller.create(name="Σούπα", description="", tags=[])
    assert found(anonymous, "борщ") == ["БОРЩ"]
    assert found(anonymous, "ΣΟΥΠΑ") == ["Σούπα"]


def test_phrases_exceptions_and_alternatives(seller: Person, anonymous: Person) -> None:
    for name in ("Hot lentil soup", "Lentil soup, hot", "Cold lentils"):
        seller.create(name=name, description="", tags=[])
    assert found(anonymous, '"hot lentil"') == ["Hot lentil soup"]
    assert set(found(anonymous, "lentil -cold")) == {"Hot lentil soup", "Lentil soup, hot"}
    assert set(found(anonymous, "cold or hot")) == {"Hot lentil soup", "Lentil soup, hot", "Cold lentils"}
    assert set(found(anonymous, "one-pot")) == set()


def test_a_word_in_hyphens_or_slashes_is_found_by_its_parts(seller: Person, anonymous: Person) -> None:
    seller.create(name="One-pot salt/pepper rice", description="", tags=[])
    for q in ("pot", "one-pot", "one pot", "pepper", "salt/pepper", "one-po"):
        assert found(anonymous, q) == ["One-pot salt/pepper rice"], q


def test_the_better_rated_of_two_that_match_alike_comes_first(
    seller: Person, anonymous: Person, person: Callable[..., Person]
) -> None:
    good, bad = seller.create(name="Soup one"), seller.create(name="Soup two")
    person("cora").rate(good["id"], 5)
    person("cole").rate(bad["id"], 1)
    assert found(anonymous, "soup") == ["Soup one", "Soup two"]


def test_what_a_premium_recipe_says_is_not_found_out(seller: Person, anonymous: Person) -> None:
    recipe = seller.create(name="Secret sauce", description="Butter and capers.", tags=["sauces"], visibility="premium")
    for reader in (anonymous, seller):
        assert found(reader, "capers") == []
        assert found(reader, "secret") == found(reader, "sauces") == ["Secret sauce"]
    seller.patch(f"/api/recipes/{recipe['id']}/", {"visibility": "public"})
    assert found(anonymous, "capers") == ["Secret sauce"]
    seller.patch(f"/api/recipes/{recipe['id']}/", {"visibility": "premium"})
    assert found(anonymous, "capers") == []


def test_search_keeps_up_with_edits_and_deletions(seller: Person, anonymous: Person) -> None:
    recipe = seller.create(name="Porridge", tags=["oats"])
    seller.patch(f"/api/recipes/{recipe['id']}/", {"name": "Muesli", "tags": ["nuts"]})
    assert found(anonymous, "porridge") == found(anonymous, "oats") == []
    assert found(anonymous, "muesli") == found(anonymous, "nuts") == ["Muesli"]
    seller.delete(f"/api/recipes/{recipe['id']}/")
    assert found(anonymous, "muesli") == []


def test_recipes_of_the_blocked_and_the_muted_are_not_found(
    seller: Person, customer: Person, anonymous: Person
) -> None:
    seller.create(name="Goulash")
    for path in ("block", "mute"):
        customer.put(f"/api/users/{seller.user.username}/{path}/")
        assert found(customer, "goulash") == []
        assert found(anonymous, "goulash") == ["Goulash"]
        customer.delete(f"/api/users/{seller.user.username}/{path}/")
        assert found(customer, "goulash") == ["Goulash"]
    seller.put(f"/api/users/{customer.user.username}/block/")
    assert found(customer, "goulash") == []
    assert found(seller, "goulash") == ["Goulash"]


def test_a_search_is_narrowed_and_ordered_as_a_list_is(
    seller: Person, other_seller: Person, anonymous: Person, customer: Person
) -> None:
    quick = {"prep_minutes": 5, "cook_minutes": 5}
    first = seller.create(name="Soup A", tags=["Crème", "vegan"], **quick)
    seller.create(name="Soup B", tags=["vegan"], prep_minutes=60, cook_minutes=60)
    third = other_seller.create(name="Soup C", tags=["vegan"], **quick)
    seller.create(name="Salad", tags=["vegan"], **quick)
    customer.rate(first["id"], 5)
    customer.rate(third["id"], 2)
    assert set(found(anonymous, "soup", tag="vegan")) == {"Soup A", "Soup B", "Soup C"}
    assert found(anonymous, "soup", tag="#CRÈME") == ["Soup A"]
    assert found(anonymous, "soup", tag="unknown") == []
    assert set(found(anonymous, "soup", seller="SALLY")) == {"Soup A", "Soup B"}
    assert found(anonymous, "soup", seller=str(other_seller.user.pk)) == ["Soup C"]
    assert set(found(anonymous, "soup", max_minutes=10)) == {"Soup A", "Soup C"}
    assert found(anonymous, "soup", min_rating=4) == ["Soup A"]
    assert found(anonymous, "soup", seller="sally", tag="vegan", max_minutes=10, min_rating=4) == ["Soup A"]
    assert found(anonymous, "soup", order="new") == ["Soup C", "Soup B", "Soup A"]
    assert found(anonymous, "soup", order="top") == ["Soup A", "Soup B", "Soup C"]
    Recipe.objects.filter(name="Soup B").update(trending_score=9)
    Recipe.objects.filter(name="Soup A").update(trending_score=5)
    assert found(anonymous, "soup", order="trending") == ["Soup B", "Soup A", "Soup C"]
    response = anonymous.get("/api/users/sally/recipes/?q=soup&tag=crème")
    assert [recipe["name"] for recipe in response.json()["results"]] == ["Soup A"]


def test_pages_show_each_match_once_however_many_arrive_meanwhile(seller: Person, anonymous: Person) -> None:
    for number in range(7):
        RecipeFactory(seller=seller.user, name=f"Soup {number}")
    names: list[str] = []
    url = "/api/search/?q=soup&limit=3"
    while url:
        page = anonymous.get(url).json()
        names += [recipe["name"] for recipe in page["results"]]
        # A short name is all about its word, and comes before what was read.
        RecipeFactory(seller=seller.user, name="Soup")
        url = page["next"]
    assert names == [f"Soup {number}" for number in reversed(range(7))]


def test_a_cursor_that_was_tampered_with_is_refused(seller: Person, anonymous: Person) -> None:
    for _ in range(2):
        RecipeFactory(seller=seller.user)
    url = anonymous.get("/api/search/?q=soup&limit=1").json()["next"]
    assert anonymous.get(url).status_code == 200
    assert anonymous.get(url[:-1] + ("x" if url[-1] != "x" else "y")).json()["code"] == "invalid_cursor"


def test_the_newest_are_found_among_more_than_are_ranked(
    seller: Person, anonymous: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.search.MOST", 3)
    for number in range(5):
        RecipeFactory(seller=seller.user, name=f"Soup {number}")
    assert sorted(found(anonymous, "soup")) == ["Soup 2", "Soup 3", "Soup 4"]


def test_newer_matches_without_the_tag_do_not_push_out_those_with_it(
    seller: Person, anonymous: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.search.MOST", 2)
    seller.create(name="Soup with a tag", tags=["one-pot"])
    for number in range(5):
        RecipeFactory(seller=seller.user, name=f"Soup {number}")
    assert found(anonymous, "soup", tag="One-Pot") == ["Soup with a tag"]


@pytest.mark.parametrize("who", ["anonymous", "customer"])
def test_a_search_costs_the_same_queries_for_5_and_50(request: pytest.FixtureRequest, seller: Person, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    counts = []
    for more in (5, 45):
        for _ in range(more):
            RecipeFactory(seller=seller.user)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            response = person.get("/api/recipes/?q=soup&limit=100")
        assert len(response.json()["results"]) == sum((5, 45)[: len(counts) + 1])
        counts.append(len(queries))
    # Who asks, the stream's position, the matches, the page.
    assert counts == [3 + (who == "customer")] * 2


@pytest.mark.parametrize("q", ["", "   ", "!?", "-", '""', "-soup", "or", "🍲", "a" * 101])
def test_what_cannot_be_searched_for_is_refused_by_name(anonymous: Person, db: None, q: str) -> None:
    assert refused(anonymous, q)


@pytest.mark.django_db
def test_search_needs_a_query_and_a_known_type(anonymous: Person) -> None:
    for path, parameter in (("/api/search/", "q"), ("/api/search/?q=soup&type=cakes", "type")):
        response = anonymous.get(path)
        assert (response.status_code, list(response.json()["errors"])) == (400, [parameter])


@pytest.mark.django_db(transaction=True)
@given(q=st.text(max_size=100))
@example(q="'; DROP TABLE recipes_recipe; --")
@example(q="%s % %% _ \\ \\' ' '' $$ $1 {0}")
@example(q="a & b | !c <-> d:* (e)")
@example(q='"unclosed -phrase or')
@example(q="soup:* & !")
@example(q='or or -or "or" or')
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_typed_is_searched_for_or_refused(q: str) -> None:
    response = Person().get("/api/recipes/?" + urlencode({"q": q}, errors="replace"))
    assert response.status_code in (200, 400), (q, response.content)
