"""Pages whose JSON-LD is written in all the ways that sites write it."""

import html
from typing import Any

import orjson
import pytest

from tests.pages import Pages, says
from tests.recipes.conftest import Person
from tests.recipes.test_import import IMPORT, SOUP, imported

TEXT = orjson.dumps(SOUP).decode()
STUB = orjson.dumps({"@context": "https://schema.org", "@type": "Recipe", "name": "Tomato soup"}).decode()
LD = 'type="application/ld+json"'


def page(*scripts: str, kind: str = LD) -> str:
    return "<html><head>" + "".join(f"<script {kind}>{script}</script>" for script in scripts) + "</head><body>Hi"


def is_soup(found: dict[str, Any]) -> bool:
    recipe = found["recipe"]
    return (recipe["name"], len(recipe["ingredients"]), len(recipe["steps"])) == ("Tomato soup", 2, 2)


@pytest.mark.parametrize(
    "script",
    [
        f"{TEXT};",
        f"\n<!-- {TEXT} -->\n",
        f"<!--\n{TEXT}\n//-->",
        f"<![CDATA[{TEXT}]]>",
        f"//<![CDATA[\n{TEXT}\n//]]>",
        f"/* <![CDATA[ */ {TEXT} /* ]]> */",
        f"\ufeff{TEXT}",
        f"\u00ef\u00bb\u00bf{TEXT}",
        html.escape(TEXT),
        html.escape(html.escape(TEXT)),
        f'{{"@type": "WebSite", "name": "Food"}}{TEXT}',
        f'{{"@type": "WebSite", "name": "Food"}},\n{TEXT};',
        TEXT.replace("Roast the tomatoes.", "Roast the\ntomatoes."),
        f'{{"@type": "Thing", "a": NaN, "b": -Infinity, "c": 1e999, "d": {"9" * 5_000}}}{TEXT}',
        f'{{"@type": "Thing", "name": "\\ud800"}}{TEXT}',
    ],
    ids=[
        *("semicolon", "comment", "ended comment", "cdata", "commented cdata", "cdata in comments", "bom", "latin bom"),
        *("entities", "entities twice", "two objects", "two with commas", "line break", "odd numbers", "half a pair"),
    ],
)
def test_json_ld_is_read_as_sites_write_it(seller: Person, script: str) -> None:
    found = imported(seller, html=page(script))
    assert is_soup(found)
    assert found["warnings"] == []


@pytest.mark.parametrize(
    "kind",
    [
        'type="application/ld+json; charset=utf-8"',
        "type='application/ld+json'",
        "type=application/ld+json",
        'class="yoast" TYPE = "Application/LD+JSON" id="x"',
        'type="application/ld&#43;json"',
    ],
)
def test_the_type_of_a_script_may_be_written_in_many_ways(seller: Person, kind: str) -> None:
    assert is_soup(imported(seller, html=page(TEXT, kind=kind)))


@pytest.mark.parametrize(
    "broken", ['{"@type": "WebSite", "name": ', "{", "{'a': 1}", "<p>", "[" * 500 + "]" * 500, "[" * 100_000]
)
def test_a_broken_script_takes_nothing_from_a_good_one_and_is_told_of(seller: Person, broken: str) -> None:
    for scripts in ((broken, TEXT), (TEXT, broken)):
        found = imported(seller, html=page(*scripts))
        assert is_soup(found)
        assert found["warnings"] == ["page: scripts of JSON-LD that are not valid JSON are left out: 1."]


def test_a_broken_script_does_not_hide_microdata(seller: Person) -> None:
    microdata = """<div itemscope itemtype="https://schema.org/Recipe"><h1 itemprop="name">Soup</h1>
        <span itemprop="recipeIngredient">1 kg tomatoes</span><p itemprop="recipeInstructions">Boil.</p></div>"""
    recipe = imported(seller, html=page("{") + microdata)["recipe"]
    assert (recipe["name"], len(recipe["ingredients"]), len(recipe["steps"])) == ("Soup", 1, 1)


def test_a_broken_script_does_not_keep_a_site_from_being_read_by_its_own_rules(
    seller: Person, pages: Pages, names: dict[str, list[list[str]]]
) -> None:
    names["www.loveandlemons.com"] = [["127.0.0.1"]]
    lines = "".join(f'<li class="wprm-recipe-ingredient">{line}</li>' for line in ("2 lemons", "salt", "oil"))
    pages["/"] = says(page("{", TEXT) + lines)
    found = imported(seller, url=pages.url(host="www.loveandlemons.com"))
    assert [line["raw"] for line in found["recipe"]["ingredients"]] == ["2 lemons", "salt", "oil"]
    # The steps come from the description, with their timers.
    assert [step["timer_seconds"] for step in found["recipe"]["steps"]] == [None, 90]


def test_what_a_sites_own_rules_find_less_of_is_told(
    seller: Person, pages: Pages, names: dict[str, list[list[str]]]
) -> None:
    names["www.loveandlemons.com"] = [["127.0.0.1"]]
    pages["/"] = says(page(TEXT) + '<li class="wprm-recipe-ingredient">2 lemons</li>')
    found = imported(seller, url=pages.url(host="www.loveandlemons.com"))
    assert found["warnings"] == ["ingredients: 1 are found in the page, and 2 in its JSON-LD."]


@pytest.mark.parametrize("scripts", [(STUB, TEXT), (TEXT, STUB), (STUB.replace('"name"', '"x"'), TEXT)])
def test_a_stub_beside_the_recipe_is_not_taken_for_it(seller: Person, scripts: tuple[str, str]) -> None:
    found = imported(seller, html=page(*scripts))
    assert is_soup(found)
    assert [warning.partition(":")[0] for warning in found["warnings"]] == ["recipe"]


def test_a_stub_in_json_ld_is_not_taken_for_a_recipe_in_microdata(seller: Person) -> None:
    microdata = """<div itemscope itemtype="https://schema.org/Recipe"><h1 itemprop="name">Leek soup</h1>
        <span itemprop="recipeIngredient">2 leeks</span><p itemprop="recipeInstructions">Boil.</p></div>"""
    found = imported(seller, html=page(STUB) + microdata)
    assert (found["recipe"]["name"], len(found["recipe"]["ingredients"])) == ("Leek soup", 1)
    assert found["warnings"] == ["recipe: 'Tomato soup' in the JSON-LD of this page is left out."]


@pytest.mark.parametrize("type_", ["Recipe", ["Thing", "Recipe"], "schema:Recipe", "https://schema.org/Recipe"])
def test_a_recipe_in_a_graph_is_found_by_any_spelling_of_its_type(seller: Person, type_: Any) -> None:
    graph = {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, {**SOUP, "@type": type_}]}
    assert is_soup(imported(seller, html=page(orjson.dumps(graph).decode())))


@pytest.mark.parametrize("text", ["{", '{"@type": "Person", "name": "x"}', "<script " * 50_000, "<script>" * 50_000])
def test_a_page_without_a_recipe_has_none_however_its_scripts_are_written(seller: Person, text: str) -> None:
    answer = seller.post(IMPORT, {"html": page(text)})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_recipe"), answer.content
