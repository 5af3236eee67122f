"""Lists of recipes: pages, filters, orders, and what they cost."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recipes.models import Recipe, RecipeTag, Tag
from tests.recipes.conftest import Person


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [recipe["name"] for recipe in response.json()["results"]]


def publish(seller: Person, *recipe_names: str, **fields: Any) -> None:
    for name in recipe_names:
        assert seller.post("/api/recipes/", {"name": name, **fields}).status_code == 201


def test_recipes_are_listed_newest_first_by_cursor(seller: Person, anonymous: Person) -> None:
    publish(seller, "a", "b", "c", "d", "e")
    first = anonymous.get("/api/recipes/?limit=2")
    assert (names(first), first.json()["previous"]) == (["e", "d"], None)
    # What arrives meanwhile shifts nothing.
    publish(seller, "f")
    second = anonymous.get(first.json()["next"])
    assert names(second) == ["c", "b"]
    assert 'rel="next"' in second["Link"]
    third = anonymous.get(second.json()["next"])
    assert (names(third), third.json()["next"]) == (["a"], None)
    assert names(anonymous.get(third.json()["previous"])) == ["c", "b"]


def test_a_list_leaves_out_ingredients_and_steps(seller: Person, anonymous: Person) -> None:
    recipe = seller.create()
    [item] = anonymous.get("/api/recipes/").json()["results"]
    assert set(recipe) - set(item) == {"ingredients", "steps"}
    assert item == {key: recipe[key] for key in item}


def test_a_list_shows_the_viewers_own_ratings(seller: Person, customer: Person, person: Callable[..., Person]) -> None:
    publish(seller, "rated by nobody", "rated by another", "rated")
    another = person("cora")
    rated, by_another, _ = (recipe["id"] for recipe in customer.get("/api/recipes/").json()["results"])
    customer.rate(rated, 4)
    another.rate(rated, 2)
    another.rate(by_another, 1)
    assert [recipe["my_rating"] for recipe in customer.get("/api/recipes/").json()["results"]] == [4, None, None]
    assert [recipe["my_rating"] for recipe in another.get("/api/recipes/").json()["results"]] == [2, 1, None]


def test_filter_by_seller_takes_a_username_in_any_case_or_an_id(
    seller: Person, other_seller: Person, anonymous: Person
) -> None:
    publish(seller, "hers")
    publish(other_seller, "his")
    for who in ("sally", "SALLY", seller.user.pk):
        assert names(anonymous.get(f"/api/recipes/?seller={who}")) == ["hers"]
    for nobody in ("nobody", 0, 10**30, "%F0%9F%8D%95", ""):
        assert names(anonymous.get(f"/api/recipes/?seller={nobody}")) == []


def test_the_recipes_of_a_person_have_an_address(seller: Person, other_seller: Person, anonymous: Person) -> None:
    publish(seller, "hers")
    publish(other_seller, "his")
    response = anonymous.get("/api/users/Sally/recipes/")
    assert names(response) == ["hers"]
    assert response["Stream-Position"].startswith(f"user:{seller.user.pk};")
    assert anonymous.get("/api/users/nobody/recipes/").status_code == 404


def test_filter_by_tag_normalises_it(seller: Person, anonymous: Person) -> None:
    publish(seller, "crêpes", tags=["Crêpe", "quick"])
    publish(seller, "soup", tags=["soup"])
    for tag in ("crêpe", "#CRÊPE", "cre\u0302pe"):
        assert names(anonymous.get(f"/api/recipes/?tag={quote(tag)}")) == ["crêpes"]
    for tag in ("crepe", "", "none"):
        assert names(anonymous.get(f"/api/recipes/?tag={tag}")) == []


def test_the_pages_of_a_tag_go_on_and_back(seller: Person, anonymous: Person) -> None:
    publish(seller, "a", "b", "c", "d", tags=["soup", "winter"])
    publish(seller, "untagged")
    for order, expected in (("new", ["d", "c", "b", "a"]), ("top", ["d", "c", "b", "a"])):
        first = anonymous.get(f"/api/recipes/?tag=soup&limit=2&order={order}")
        second = anonymous.get(first.json()["next"])
        assert names(first) + names(second) == expected
        assert names(anonymous.get(second.json()["previous"])) == expected[:2]


def test_filter_by_rating_and_by_minutes(seller: Person, person: Callable[..., Person], anonymous: Person) -> None:
    publish(seller, "quick and good", prep_minutes=5, cook_minutes=10)
    publish(seller, "only prepared", prep_minutes=15)
    publish(seller, "slow", prep_minutes=5, cook_minutes=11)
    publish(seller, "unknown")
    ids = {recipe.name: recipe.pk for recipe in Recipe.objects.all()}
    for number, (name, score) in enumerate([("quick and good", 5), ("quick and good", 4), ("slow", 4)]):
        person(f"c{number}").rate(ids[name], score)
    assert names(anonymous.get("/api/recipes/?max_minutes=15")) == ["only prepared", "quick and good"]
    assert names(anonymous.get("/api/recipes/?min_rating=4.5")) == ["quick and good"]
    assert names(anonymous.get("/api/recipes/?min_rating=4")) == ["slow", "quick and good"]
    assert names(anonymous.get("/api/recipes/?min_rating=4&max_minutes=15&seller=sally")) == ["quick and good"]


def test_top_ranks_many_good_ratings_above_one_perfect_one(
    seller: Person, person: Callable[..., Person], anonymous: Person
) -> None:
    publish(seller, "bad", "unrated", "one five", "many fours")
    ids = {recipe.name: recipe.pk for recipe in Recipe.objects.all()}
    people = [person(f"c{number}") for number in range(6)]
    people[0].rate(ids["one five"], 5)
    for number, voter in enumerate(people):
        voter.rate(ids["many fours"], 4 + number % 2)
        voter.rate(ids["bad"], 1)
    expected = ["many fours", "one five", "unrated", "bad"]
    assert names(anonymous.get("/api/recipes/?order=top")) == expected
    walked, path = [], "/api/recipes/?order=top&limit=1"
    while path:
        page = anonymous.get(path)
        walked += names(page)
        path = page.json()["next"]
    assert walked == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("order=best", "order"),
        ("q=!!", "q"),
        ("min_rating=x", "min_rating"),
        ("min_rating=0", "min_rating"),
        ("min_rating=nan", "min_rating"),
        ("min_rating=inf", "min_rating"),
        ("max_minutes=-1", "max_minutes"),
        ("max_minutes=99999999999", "max_minutes"),
        ("max_minutes=1.5", "max_minutes"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(anonymous: Person, db: None, query: str, field: str) -> None:
    response = anonymous.get(f"/api/recipes/?{query}")
    assert response.status_code == 400
    assert field in response.json()["errors"]


@pytest.mark.parametrize("name", ["seller", "tag", "order", "cursor", "limit", "min_rating", "max_minutes"])
def test_a_nul_in_a_parameter_is_400(anonymous: Person, db: None, name: str) -> None:
    assert anonymous.get(f"/api/recipes/?{name}=a%00b").status_code == 400


def test_a_cursor_of_one_order_is_none_of_the_other(seller: Person, anonymous: Person) -> None:
    publish(seller, "a", "b")
    cursor = anonymous.get("/api/recipes/?limit=1").json()["next"]
    assert anonymous.get(f"{cursor}&order=top").status_code == 400


def fill(seller: Person, count: int) -> None:
    """COUNT more recipes with tags, past the services: only their number matters."""
    tags = [Tag.objects.get_or_create(name=name)[0] for name in ("one", "two")]
    recipes = Recipe.objects.bulk_create(
        Recipe(seller=seller.user, name=f"No. {n}", prep_minutes=5, tag_names=["one", "two"]) for n in range(count)
    )
    RecipeTag.objects.bulk_create(RecipeTag(recipe=recipe, tag=tag) for recipe in recipes for tag in tags)


@pytest.mark.parametrize(
    "path",
    [
        "/api/recipes/?limit=100",
        "/api/recipes/?limit=100&order=top",
        "/api/recipes/?limit=100&tag=one&seller=sally&max_minutes=10",
        "/api/users/sally/recipes/?limit=100",
    ],
)
@pytest.mark.parametrize("who", ["anonymous", "customer"])
def test_a_list_costs_the_same_queries_for_5_and_50_recipes(
    seller: Person, path: str, who: str, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(who)
    counts = []
    for more in (5, 45):
        fill(seller, more)
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(names(person.get(path))) == sum((5, 45)[: len(counts) + 1])
        counts.append(len(queries))
    # Who asks, who is meant (/users/), the stream's position, the page.
    most = 2 + (who == "customer") + ("/users/" in path)
    assert counts == [most, most]
    assert most <= 4


def test_the_ratings_cost_the_same_queries_for_5_and_50(
    seller: Person, customer: Person, person: Callable[..., Person]
) -> None:
    recipe_id = seller.create()["id"]
    counts = []
    for numbers in (range(5), range(5, 50)):
        for number in numbers:
            person(f"c{number}").rate(recipe_id, 3)
        with CaptureQueriesContext(connection) as queries:
            response = customer.get(f"/api/recipes/{recipe_id}/ratings/?limit=100")
        assert len(response.json()["results"]) == numbers.stop
        counts.append(len(queries))
    assert counts == [4, 4]


def test_a_recipe_costs_five_queries_however_long_it_is(seller: Person, customer: Person) -> None:
    counts = []
    for length in (1, 50):
        recipe = seller.create(ingredients=["1 egg"] * length, steps=["Boil."] * length)
        with CaptureQueriesContext(connection) as queries:
            assert len(customer.get(f"/api/recipes/{recipe['id']}/").json()["steps"]) == length
        counts.append(len(queries))
    assert counts == [5, 5]
