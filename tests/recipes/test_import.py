"""Recipes from elsewhere: JSON-LD and pages."""

from typing import Any

import orjson
import pytest

from recipes import pages
from recipes.models import Recipe
from tests.recipes.conftest import SHAKSHUKA, Person, events

IMPORT = "/api/recipes/import/"
SOUP: dict[str, Any] = {
    "@context": "https://schema.org/",
    "@type": "Recipe",
    "name": "Tomato soup",
    "description": "<p>Warm &amp; red.</p>",
    "recipeYield": ["4", "4 servings"],
    "prepTime": "PT15M",
    "cookTime": "PT1H5M",
    "keywords": "Soup, tomatoes , soup",
    "recipeCuisine": "Italian",
    "recipeIngredient": ["1 kg tomatoes, ripe", "  2 tbsp   olive oil "],
    "recipeInstructions": [
        {"@type": "HowToStep", "text": "Roast the tomatoes."},
        {"@type": "HowToStep", "text": "Blend.", "timeRequired": "PT1M30S"},
    ],
}
PAGE = """<html><head><title>Soup</title><script type="application/ld+json">%s</script></head><body>Hi</body></html>"""


def imported(person: Person, **body: Any) -> dict[str, Any]:
    answer = person.post(IMPORT, body)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def of(person: Person, **changes: Any) -> dict[str, Any]:
    """What a soup with CHANGES (None takes away) is imported as."""
    return imported(person, jsonld={name: value for name, value in {**SOUP, **changes}.items() if value is not None})


def test_json_ld_becomes_a_published_recipe(seller: Person, anonymous: Person) -> None:
    answer = seller.post(IMPORT, {"jsonld": SOUP})
    assert answer.status_code == 201, answer.content
    recipe, warnings = answer.json()["recipe"], answer.json()["warnings"]
    assert answer["Location"] == f"/api/recipes/{recipe['id']}/"
    assert anonymous.get(answer["Location"]).json() == recipe
    assert warnings == []
    assert (recipe["name"], recipe["description"]) == ("Tomato soup", "Warm & red.")
    assert (recipe["servings"], recipe["prep_minutes"], recipe["cook_minutes"]) == (4, 15, 65)
    assert recipe["tags"] == ["soup", "tomatoes", "italian"]
    assert [(line["quantity"], line["unit"], line["food"], line["note"]) for line in recipe["ingredients"]] == [
        (1, "kg", "tomatoes", "ripe"),
        (2, "tbsp", "olive oil", ""),
    ]
    assert [(step["text"], step["timer_seconds"]) for step in recipe["steps"]] == [
        ("Roast the tomatoes.", None),
        ("Blend.", 90),
    ]
    assert (recipe["seller"]["username"], recipe["visibility"]) == ("sally", "public")
    assert [event["type"] for event in events("recipes")] == ["recipe.published"]


@pytest.mark.parametrize(
    "wrapped",
    [
        [{"@type": "WebSite"}, SOUP],
        {"@graph": [{"@type": ["Person"]}, {**SOUP, "@type": ["Recipe", "NewsArticle"]}]},
        {"@type": "WebPage", "mainEntity": {**SOUP, "@type": "http://schema.org/Recipe"}},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": SOUP}]},
        orjson.dumps([SOUP]).decode(),
    ],
    ids=["list", "graph", "page", "item", "text"],
)  # fmt: skip
def test_a_recipe_is_found_however_it_is_wrapped(seller: Person, wrapped: Any) -> None:
    assert imported(seller, jsonld=wrapped)["recipe"]["name"] == "Tomato soup"


@pytest.mark.parametrize(
    ("instructions", "steps"),
    [
        ("Roast.\n\nBlend.", ["Roast.", "Blend."]),
        ("<ol><li>Roast.</li><li>Blend.</li></ol>", ["Roast.", "Blend."]),
        (["Roast.", "Blend.\nServe."], ["Roast.", "Blend.\nServe."]),
        ({"@type": "HowToStep", "text": "Roast."}, ["Roast."]),
        ([{"@type": "HowToStep", "name": "Roast."}, {"@type": "HowToStep", "text": ""}], ["Roast."]),
        (
            [{"@type": "HowToSection", "name": "Soup:", "itemListElement": [{"text": "Roast."}, {"text": "Blend."}]}],
            ["Soup: Roast.", "Blend."],
        ),
        ({"@type": "ItemList", "itemListElement": [{"@type": "HowToStep", "text": "Roast."}]}, ["Roast."]),
        (
            [
                {
                    "@type": "HowToStep",
                    "itemListElement": [
                        {"@type": "HowToDirection", "text": "Roast."},
                        {"@type": "HowToTip", "text": "Dark."},
                    ],
                }
            ],
            ["Roast. Dark."],
        ),
        ([[[[[[[[["Roast."]]]]]]]]], []),
        (7, []),
    ],
)
def test_instructions_come_in_many_forms(seller: Person, instructions: Any, steps: list[str]) -> None:
    found = of(seller, recipeInstructions=instructions)["recipe"]["steps"]
    assert [step["text"] for step in found] == steps


@pytest.mark.parametrize(
    ("value", "servings"),
    [(4, 4), (4.0, 4), ("Serves 4", 4), (["", "6 portions"], 6), ({"@type": "QuantitativeValue", "value": 3}, 3)],
)
def test_yields_come_in_many_forms(seller: Person, value: Any, servings: int) -> None:
    found = of(seller, recipeYield=value)
    assert (found["recipe"]["servings"], found["warnings"]) == (servings, [])


@pytest.mark.parametrize(
    ("duration", "minutes"),
    [("PT20M", 20), ("pt1h30m", 90), ("P1DT2H", 1560), ("PT1.5H", 90), ("PT90S", 2), ("P1W", 10_080), ("PT0M", 0)],
)
def test_durations_are_read(seller: Person, duration: str, minutes: int) -> None:
    found = of(seller, cookTime=duration)
    assert (found["recipe"]["cook_minutes"], found["warnings"]) == (minutes, [])


def test_a_total_alone_is_taken_for_cooking(seller: Person) -> None:
    found = of(seller, prepTime="PT10M", cookTime=None, totalTime="PT40M")
    assert (found["recipe"]["prep_minutes"], found["recipe"]["cook_minutes"]) == (10, 30)
    assert found["warnings"] == ["cook_minutes: 30, which is the total time without that of preparing."]


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"name": "x" * 201}, "name: cut to 200 characters."),
        ({"description": "x" * 10_001}, "description: cut to 10000 characters."),
        ({"cookTime": "soon"}, "cook_minutes: cookTime 'soon' is no duration like PT1H30M: left out."),
        ({"prepTime": "P1Y"}, "prep_minutes: prepTime 'P1Y' is no duration like PT1H30M: left out."),
        ({"prepTime": "P53W"}, "prep_minutes: 'P53W' is longer than a year: left out."),
        ({"recipeYield": "a few"}, "servings: 'a few' has no number: left out."),
        ({"recipeYield": "Serves 4 to 6"}, "servings: 4 is taken of 'Serves 4 to 6': the range ends at 6."),
        ({"recipeYield": "2000"}, "servings: '2000' is not from 1 to 1000: left out."),
        ({"keywords": [f"t{n}" for n in range(31)]}, "tags: only the first 30 are taken."),
        ({"keywords": "x" * 51}, f"tags: '{'x' * 51}' is longer than 50 characters: left out."),
        ({"keywords": "x" * 500}, f"tags: '{'x' * 60}…' is longer than 50 characters: left out."),
        ({"recipeIngredient": ["salt"] * 101}, "ingredients: only the first 100 are taken."),
        ({"recipeIngredient": ["x" * 501]}, "ingredients: cut to 500 characters."),
        ({"recipeInstructions": ["stir"] * 101}, "steps: only the first 100 are taken."),
        ({"recipeInstructions": ["x" * 5_001]}, "steps: cut to 5000 characters."),
        (
            {"recipeInstructions": [{"text": "Wait.", "timeRequired": "P8D"}]},
            "steps: the timer 'P8D' is not from a second to a week: left out.",
        ),
        (
            {"recipeInstructions": [{"text": "Wait.", "timeRequired": "long"}]},
            "steps: timeRequired 'long' is no duration like PT1H30M: left out.",
        ),
        ({"image": "https://food.example/x.jpg"}, "image: pictures are not fetched; add one by PATCH."),
    ],
)
def test_what_does_not_fit_is_cut_or_left_out_and_said(seller: Person, changes: dict[str, Any], warning: str) -> None:
    assert of(seller, **changes)["warnings"] == [warning]


def test_what_is_no_text_where_one_belongs_does_no_harm(seller: Person) -> None:
    odd: list[Any] = [7, True, {}, [], [[]], [{}], {"name": 7}, {"@value": "x"}, "\x00", "", [None]]
    fields = {*SOUP, "supply", "totalTime", "image", "sdPublisher", "ingredients", "yield"} - {"name", "@type"}
    for value in odd:
        text = orjson.dumps({**SOUP, **dict.fromkeys(fields, value)}).decode()
        assert imported(seller, jsonld=text)["recipe"]["name"] == "Tomato soup"


def test_no_more_is_warned_of_than_somebody_reads(seller: Person) -> None:
    assert len(of(seller, keywords=["x" * 51] * 500)["warnings"]) == 50


def test_a_page_is_read_by_what_it_says_of_itself(seller: Person) -> None:
    found = imported(seller, html=PAGE % orjson.dumps({**SOUP, "image": "https://x.example/x.jpg"}).decode())
    recipe = found["recipe"]
    assert (recipe["name"], recipe["description"], recipe["servings"]) == ("Tomato soup", "Warm & red.", 4)
    assert [line["raw"] for line in recipe["ingredients"]] == ["1 kg tomatoes, ripe", "2 tbsp olive oil"]
    assert [step["timer_seconds"] for step in recipe["steps"]] == [None, 90]
    assert found["warnings"] == ["image: pictures are not fetched; add one by PATCH."]


def test_a_page_may_tell_it_in_microdata(seller: Person) -> None:
    page = """<html><body><div itemscope itemtype="https://schema.org/Recipe"><h1 itemprop="name">Soup</h1>
        <meta itemprop="cookTime" content="PT20M"><span itemprop="recipeIngredient">1 kg tomatoes</span>
        <span itemprop="recipeIngredient">salt</span><p itemprop="recipeInstructions">Boil.</p></div></body></html>"""
    recipe = imported(seller, html=page)["recipe"]
    assert (recipe["name"], recipe["cook_minutes"]) == ("Soup", 20)
    assert [line["food"] for line in recipe["ingredients"]] == ["tomatoes", "salt"]
    assert [step["text"] for step in recipe["steps"]] == ["Boil."]


@pytest.mark.parametrize(
    "body",
    [
        {"jsonld": {}},
        {"jsonld": []},
        {"jsonld": "{}"},
        {"jsonld": {"@type": "Person", "name": "Sally"}},
        {"jsonld": {**SOUP, "name": " "}},
        {"jsonld": {"@type": "Recipe"}},
        {"html": "https://food.example/"},
        {"html": "<html><body>Hello</body></html>"},
        {"html": PAGE % "{"},
        {"html": PAGE % '{"@context": "https://schema.org", "@type": "Recipe"}'},
        {"html": "<" * 1_000},
        {"html": "<div>" * 5_000},
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_has_no_recipe_in_it_is_422(seller: Person, body: dict[str, Any]) -> None:
    answer = seller.post(IMPORT, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_recipe"), answer.content
    assert not Recipe.objects.exists()


@pytest.mark.parametrize(
    ("name", "limit", "page"),
    [("SECONDS", 1.0, "<a b=c " * 100_000), ("MEMORY_MAX", 200 * 1024**2, "<b>" * 300_000)],
    ids=["time", "memory"],
)
def test_a_page_that_is_made_to_be_slow_or_large_is_given_up(
    seller: Person, monkeypatch: pytest.MonkeyPatch, name: str, limit: float, page: str
) -> None:
    """Tags that do not end keep html.parser busy for minutes."""
    monkeypatch.setattr(pages, name, limit)
    answer = seller.post(IMPORT, {"html": page})
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable"), answer.content
    # The limit alone is no obstacle to a page as people write them.
    monkeypatch.setattr(pages, "SECONDS", 60.0)
    assert imported(seller, html=PAGE % orjson.dumps(SOUP).decode())["recipe"]["name"] == "Tomato soup"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "non_field_errors"),
        ({"jsonld": SOUP, "html": "<p>"}, "non_field_errors"),
        ({"jsonld": "{"}, "jsonld"),
        ({"jsonld": "[" * 100_000}, "jsonld"),
        ({"jsonld": 5}, "jsonld"),
        ({"jsonld": "5"}, "jsonld"),
        ({"jsonld": None}, "jsonld"),
        ({"html": ""}, "html"),
        ({"html": ["<p>"]}, "html"),
        ({"html": "x" * (2 * 1024 * 1024 + 1)}, "html"),
        ({"url": ""}, "url"),
        ({"url": "x" * 2_001}, "url"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_malformed_is_400_and_named(seller: Person, body: dict[str, Any], field: str) -> None:
    answer = seller.post(IMPORT, body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), answer.content


def test_a_body_that_is_too_long_is_413(seller: Person) -> None:
    assert seller.post(IMPORT, {"html": "x" * (4 * 1024 * 1024)}).status_code == 413


@pytest.mark.parametrize("as_text", [False, True], ids=["JSON", "the text of it"])
def test_json_ld_that_is_nested_too_deeply_is_refused(seller: Person, as_text: bool) -> None:
    nested = "[" * 200 + "]" * 200
    answer = seller.post(IMPORT, {"jsonld": nested if as_text else orjson.loads(nested)})
    assert answer.status_code == 400 and b"100 levels" in answer.content


def test_only_sellers_import_and_others_learn_it_first(customer: Person, anonymous: Person) -> None:
    answer = customer.post(IMPORT, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "sellers_only")
    assert anonymous.post(IMPORT, {"jsonld": SOUP}).status_code == 401


def test_sent_again_under_its_key_it_is_one_recipe(seller: Person) -> None:
    first, again = (seller.post(IMPORT, {"jsonld": SOUP}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (again["Idempotency-Replayed"], again["Location"]) == ("true", first["Location"])
    assert Recipe.objects.count() == 1
    assert seller.post(IMPORT, {"jsonld": {}}, headers={"Idempotency-Key": "other"}).status_code == 422
    # What was refused has freed its key.
    assert seller.post(IMPORT, {"jsonld": SOUP}, headers={"Idempotency-Key": "other"}).status_code == 201


def test_imports_are_limited_by_person(seller: Person, other_seller: Person, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "import": "2/hour"}
    first = seller.post(IMPORT, {"jsonld": SOUP})
    assert first["RateLimit-Policy"] == '"import";q=2;w=3600'
    assert seller.post(IMPORT, {"jsonld": {}}).status_code == 422
    refused = seller.post(IMPORT, {"jsonld": SOUP})
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert int(refused["Retry-After"]) > 3_000
    assert other_seller.post(IMPORT, {"jsonld": SOUP}).status_code == 201
    assert seller.post("/api/recipes/", SHAKSHUKA).status_code == 201
