"""A recipe reads as schema.org/Recipe when that is asked for."""

import base64
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_pipeline.models import Media
from tests.recipes.conftest import Person
from tests.recipes.test_publish import picture
from tests.relaying import relay_now

LD = {"Accept": "application/ld+json"}


@pytest.fixture(autouse=True)
def at_home(settings: Any) -> None:
    settings.PUBLIC_URL = "https://simmer.example"


def read(person: Person, recipe: dict[str, Any], **headers: str) -> Any:
    return person.get(f"/api/recipes/{recipe['id']}/", headers={**LD, **headers})


def test_a_recipe_reads_as_schema_org_describes_it(seller: Person, customer: Person, anonymous: Person) -> None:
    recipe = seller.create()
    customer.rate(recipe["id"], 4)
    answer = read(anonymous, recipe)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/ld+json")
    assert orjson.loads(answer.content) == {
        "@context": "https://schema.org",
        "@type": "Recipe",
        "url": f"https://simmer.example/api/recipes/{recipe['id']}/",
        "name": "Shakshuka",
        "description": "Eggs in a spiced tomato sauce.",
        "author": {
            "@type": "Person",
            "name": "sally",
            "alternateName": "sally",
            "url": "https://simmer.example/api/users/sally/",
        },
        "datePublished": recipe["created_at"],
        "dateModified": recipe["updated_at"],
        "recipeYield": "2",
        "prepTime": "PT10M",
        "cookTime": "PT25M",
        "totalTime": "PT35M",
        "keywords": ["breakfast", "eggs"],
        "recipeIngredient": ["1 1/2 cups tomatoes, chopped", "4 eggs"],
        "supply": [
            {
                "@type": "HowToSupply",
                "position": 1,
                "name": "tomatoes",
                "description": "chopped",
                "requiredQuantity": {"@type": "QuantitativeValue", "value": 1.5, "unitText": "cup"},
            },
            {
                "@type": "HowToSupply",
                "position": 2,
                "name": "eggs",
                "requiredQuantity": {"@type": "QuantitativeValue", "value": 4},
            },
        ],
        "recipeInstructions": [
            {"@type": "HowToStep", "position": 1, "text": "Cook the tomatoes down."},
            {"@type": "HowToStep", "position": 2, "text": "Add the eggs.", "timeRequired": "PT360S"},
        ],
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": 4.0,
            "ratingCount": 1,
            "bestRating": 5,
            "worstRating": 1,
        },
        "isAccessibleForFree": True,
        "sdPublisher": {"@type": "Organization", "name": "Simmer"},
    }


def test_what_is_not_known_is_left_out(seller: Person) -> None:
    recipe = seller.post("/api/recipes/", {"name": "Toast"}).json()
    found = orjson.loads(read(seller, recipe).content)
    assert set(found) == {
        *("@context", "@type", "url", "name", "author", "datePublished", "dateModified"),
        *("isAccessibleForFree", "sdPublisher"),
    }


@pytest.mark.parametrize(
    ("prep", "cook", "times"),
    [
        (0, None, {"prepTime": "PT0M", "totalTime": "PT0M"}),
        (None, 60, {"cookTime": "PT1H", "totalTime": "PT1H"}),
        (45, 90, {"prepTime": "PT45M", "cookTime": "PT1H30M", "totalTime": "PT2H15M"}),
    ],
)
def test_times_are_iso_durations(seller: Person, prep: int | None, cook: int | None, times: dict[str, str]) -> None:
    found = orjson.loads(read(seller, seller.create(prep_minutes=prep, cook_minutes=cook)).content)
    assert {name: value for name, value in found.items() if name.endswith("Time")} == times


def test_the_sizes_of_a_picture_are_whole_addresses(seller: Person) -> None:
    recipe = seller.create(image=base64.b64encode(picture()).decode())
    assert "image" not in orjson.loads(read(seller, recipe).content)
    renditions = {
        name: {"jpeg": f"{name}.jpg", "webp": f"{name}.webp", "width": width, "height": 9}
        for name, width in (("thumb", 160), ("large", 800))
    }
    Media.objects.update(status="ready", width=800, height=600, renditions=renditions)
    shown = seller.get(f"/api/recipes/{recipe['id']}/").json()["image"]
    found = orjson.loads(read(seller, recipe).content)["image"]
    assert found == ["https://simmer.example" + shown["renditions"][name]["url"] for name in ("large", "thumb")]


def test_each_form_has_a_tag_of_its_own_and_is_304_while_unchanged(seller: Person, customer: Person) -> None:
    recipe = seller.create()
    relay_now()
    linked, plain = read(customer, recipe), customer.get(f"/api/recipes/{recipe['id']}/")
    assert linked["ETag"] != plain["ETag"]
    assert linked["ETag"].partition(".")[0] == plain["ETag"].partition(".")[0]
    for answer in (linked, plain):
        assert {"Accept", "Authorization"} <= {name.strip() for name in answer["Vary"].split(",")}
        assert answer["Cache-Control"] == "private, no-cache"
        assert answer["Stream-Position"] == plain["Stream-Position"]
    again = read(customer, recipe, **{"If-None-Match": linked["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", linked["ETag"])
    assert "Accept" in again["Vary"]
    assert read(customer, recipe, **{"If-None-Match": plain["ETag"]}).status_code == 200
    customer.rate(recipe["id"], 5)
    assert read(customer, recipe, **{"If-None-Match": linked["ETag"]}).status_code == 200


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/*", "text/html, */*;q=0.1"])
def test_json_is_what_everybody_else_gets(seller: Person, accept: str | None) -> None:
    path = f"/api/recipes/{seller.create()['id']}/"
    answer = seller.get(path, headers={"Accept": accept} if accept else {})
    assert (answer["Content-Type"], answer.json()["name"]) == ("application/json", "Shakshuka")


def test_it_is_for_reading_alone(seller: Person) -> None:
    recipe = seller.create()
    assert read(seller, recipe, Accept="text/turtle").status_code == 406
    changed = seller.patch(f"/api/recipes/{recipe['id']}/", {"name": "Soup"}, headers=LD)
    assert changed.status_code == 406


def test_a_locked_recipe_tells_no_more_than_its_json(seller: Person, customer: Person) -> None:
    recipe = seller.create(visibility="premium")
    locked = orjson.loads(read(customer, recipe).content)
    assert not {"description", "recipeIngredient", "supply", "recipeInstructions"} & set(locked)
    assert (locked["name"], locked["isAccessibleForFree"]) == ("Shakshuka", False)
    text = orjson.dumps(locked).decode()
    for body in ("spiced", "chopped", "Add the eggs"):
        assert body not in text
    assert len(orjson.loads(read(seller, recipe).content)["recipeInstructions"]) == 2


def test_whom_its_author_has_blocked_finds_nothing(seller: Person, customer: Person) -> None:
    recipe = seller.create()
    assert seller.put("/api/users/carl/block/").status_code == 200
    answer = read(customer, recipe)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_for_another_number_of_people_the_lines_are_written_anew(seller: Person) -> None:
    recipe = seller.create(ingredients=["1 1/2 cups tomatoes, chopped", "salt", "2-3 eggs"])
    answer = seller.get(f"/api/recipes/{recipe['id']}/?servings=4", headers=LD)
    found = orjson.loads(answer.content)
    assert found["recipeYield"] == "4"
    assert found["recipeIngredient"] == ["3 cups tomatoes, chopped", "salt", "4-6 eggs"]
    amounts = [supply.get("requiredQuantity", {}) for supply in found["supply"]]
    assert [(amount.get("value"), amount.get("maxValue")) for amount in amounts] == [(3, None), (None, None), (4, 6)]


def test_it_costs_no_more_queries_than_json(seller: Person, customer: Person) -> None:
    recipe = seller.create()
    read(customer, recipe)
    with CaptureQueriesContext(connection) as linked:
        read(customer, recipe)
    with CaptureQueriesContext(connection) as plain:
        customer.get(f"/api/recipes/{recipe['id']}/")
    assert len(linked) == len(plain)
