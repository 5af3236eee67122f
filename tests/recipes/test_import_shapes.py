"""The shapes of schema.org/Recipe that sites write: each node becomes a part of the recipe, or a warning names it."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.jsonld_reading import draft_of
from tests.recipes.conftest import Person
from tests.recipes.test_import import imported


def of(person: Person, **properties: Any) -> dict[str, Any]:
    return imported(person, jsonld={"@type": "Recipe", "name": "T", **properties})


def texts(found: dict[str, Any]) -> list[str]:
    return [step["text"] for step in found["recipe"]["steps"]]


def warned(found: dict[str, Any]) -> str:
    return "\n".join(found["warnings"])


STEP = {"@type": "HowToStep", "text": "Sweat."}


@pytest.mark.parametrize(
    ("instructions", "steps"),
    [
        (
            {
                "@type": "ItemList",
                "itemListElement": [
                    {"@type": "ListItem", "name": "Cook the leeks", "description": "Sweat 10 minutes."},
                    {"@type": "ListItem", "name": "Serve", "description": "At once."},
                ],
            },
            ["Cook the leeks: Sweat 10 minutes.", "Serve: At once."],
        ),
        ([{"@type": "ListItem", "item": STEP}, {"@type": "ListItem", "item": "Stir."}], ["Sweat.", "Stir."]),
        ([{"@type": "HowToStep", "description": "Sweat."}], ["Sweat."]),
        ([{"@type": "HowToStep", "text": ["Sweat.", "Stir."]}, STEP], ["Sweat.\nStir.", "Sweat."]),
        ([{"@type": "HowToStep", "text": "", "name": "Sweat."}], ["Sweat."]),
        ([{"@type": "HowToStep", "name": "Sweat the…", "text": "Sweat the leeks."}], ["Sweat the leeks."]),
        ([{"@type": "HowToStep", "name": "Step 1", "text": "Sweat."}], ["Sweat."]),
        ([{"@type": "HowToStep", "name": "Leeks.", "text": "Sweat."}], ["Leeks. Sweat."]),
        ({"0": "Sweat.", "1": "Stir."}, ["Sweat.", "Stir."]),
        ({"10": "Serve.", "2": "Stir.", "1": STEP}, ["Sweat.", "Stir.", "Serve."]),
        ([["Sweat."], ["Stir."]], ["Sweat.", "Stir."]),
        ([["Sweat.", "Stir."]], ["Sweat.", "Stir."]),
        ("1. Sweat. 2. Stir.", ["Sweat.", "Stir."]),
        ("1) Sweat 2 leeks. 2) Stir.", ["Sweat 2 leeks.", "Stir."]),
        ("Sweat. 2. Stir.", ["Sweat. 2. Stir."]),
        ("<ul><li>A<li>B</ul>", ["A", "B"]),
        ("&lt;ol&gt;&lt;li&gt;A&lt;/li&gt;&lt;li&gt;B&lt;/li&gt;&lt;/ol&gt;", ["A", "B"]),
        (["Sweat.\nStir."], ["Sweat.", "Stir."]),
        ([{"text": ["Stir.", "Salt.", "Stir."]}], ["Stir.\nSalt.\nStir."]),
        ([{"text": ["Stir.", "Stir.", "Salt."]}], ["Stir.\nSalt."]),
        ([{"name": "Bake", "text": "Baked beans go in."}], ["Bake: Baked beans go in."]),
        ([{"name": "Bake", "text": "Bake, then rest."}], ["Bake, then rest."]),
        ([{"name": "Sweat the le…", "text": "Sweat the leeks."}], ["Sweat the leeks."]),
        ([{"name": "Sweat the le...", "text": "Sweat the leeks."}], ["Sweat the leeks."]),
        ({"@type": "HowTo", "step": [STEP, "Stir."]}, ["Sweat.", "Stir."]),
        ({"@list": [STEP, "Stir."]}, ["Sweat.", "Stir."]),
    ],
)
def test_each_node_of_the_instructions_is_a_step(seller: Person, instructions: Any, steps: list[str]) -> None:
    found = of(seller, recipeInstructions=instructions)
    assert (texts(found), found["warnings"]) == (steps, [])


@pytest.mark.parametrize("inside", ["steps", "itemListElement"])
@pytest.mark.parametrize("steps", [["Sweat.", "Stir."], [STEP, {"@type": "HowToStep", "text": "Stir."}]])
def test_the_heading_of_a_section_is_kept_in_its_first_step_with_a_warning(
    seller: Person, inside: str, steps: list[Any]
) -> None:
    found = of(seller, recipeInstructions=[{"@type": "HowToSection", "name": "Soup", inside: steps}])
    assert texts(found) == ["Soup: Sweat.", "Stir."]
    assert found["warnings"] == ["steps: the heading 'Soup' is kept in the words of its first step."]


def test_headings_of_sections_within_sections_are_all_kept(seller: Person) -> None:
    inner = {"@type": "HowToSection", "name": "Base", "itemListElement": ["Sweat."]}
    found = of(seller, recipeInstructions=[{"@type": "HowToSection", "name": "Soup", "itemListElement": [inner]}])
    assert texts(found) == ["Soup: Base: Sweat."]


def test_a_step_with_directions_and_tips_keeps_all_and_warns_of_the_tip(seller: Person) -> None:
    parts = [{"@type": "HowToDirection", "text": "Stir."}, {"@type": "HowToTip", "text": "Use a lid."}]
    found = of(seller, recipeInstructions=[{**STEP, "itemListElement": parts}])
    assert texts(found) == ["Sweat.", "Stir.", "Use a lid."]
    assert found["warnings"] == ["steps: the tip 'Use a lid.' is kept as a step."]


@pytest.mark.parametrize(
    ("step", "timer"),
    [
        ({**STEP, "performTime": "PT10M"}, 600),
        ({**STEP, "timeRequired": "10 minutes"}, 600),
        ({"@type": "HowToStep", "itemListElement": [{"text": "Sweat.", "performTime": "PT10M"}]}, 600),
    ],
)
def test_the_time_of_a_step_is_its_timer(seller: Person, step: Any, timer: int) -> None:
    found = of(seller, recipeInstructions=[step])
    assert [step["timer_seconds"] for step in found["recipe"]["steps"]] == [timer]
    assert found["warnings"] == []


def test_steps_that_are_nodes_of_their_own_are_found_by_their_id(seller: Person) -> None:
    recipe = {"@type": "Recipe", "name": "T", "recipeInstructions": [{"@id": "#1"}, {"@id": "#2"}, {"@id": "#3"}]}
    found = imported(seller, jsonld={"@graph": [recipe, {"@id": "#1", **STEP}, {"@id": "#2", "text": "Stir."}]})
    assert texts(found) == ["Sweat.", "Stir."]
    assert found["warnings"] == ["steps: '#3' is left out."]


@pytest.mark.parametrize(
    ("instructions", "lost"),
    [
        ([{**STEP, "image": "leek.jpg"}], "image 'leek.jpg'"),
        ([{**STEP, "tool": {"@type": "HowToTool", "name": "pan"}}], "tool 'pan'"),
        ([{"@type": "HowToSection", "name": "Soup", "itemListElement": []}], "name 'Soup'"),
        ([[[[[[[[[["Sweat."]]]]]]]]]], "'Sweat.'"),
        (7, "'7'"),
        ([STEP, True], "'True'"),
    ],
)
def test_what_no_step_is_made_of_is_warned_of(seller: Person, instructions: Any, lost: str) -> None:
    found = of(seller, recipeInstructions=instructions)
    assert found["warnings"] == [f"steps: {lost} is left out."]


@pytest.mark.parametrize(
    ("ingredients", "lines"),
    [
        ([["2 leeks"], ["salt", ["pepper"]]], ["2 leeks", "salt", "pepper"]),
        ("2 leeks\nsalt", ["2 leeks", "salt"]),
        (["2 leeks\nsalt"], ["2 leeks", "salt"]),
        ("<ul><li>2 leeks<li>salt</ul>", ["2 leeks", "salt"]),
        (["<li>2 leeks</li><li>salt</li>", "pepper"], ["2 leeks", "salt", "pepper"]),
        ({"@type": "ItemList", "itemListElement": ["2 leeks", "salt"]}, ["2 leeks", "salt"]),
        (
            {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": "2 leeks"}, {"name": "salt"}]},
            ["2 leeks", "salt"],
        ),
        ({"0": "2 leeks", "1": "salt"}, ["2 leeks", "salt"]),
        ([{"@type": "HowToSupply", "name": "egg", "requiredQuantity": {"value": 2}}], ["2 egg"]),
        ([{"@type": "HowToSupply", "name": "egg", "requiredQuantity": "2"}], ["2 egg"]),
        ([{"name": "eggs", "requiredQuantity": {"minValue": 2, "maxValue": 3}}], ["2-3 eggs"]),
        ([{"@type": "PropertyValue", "name": "flour", "value": "200", "unitText": "g"}], ["200 g flour"]),
        (
            [{"name": "flour", "value": {"value": 200, "unitText": "g"}, "description": "sifted"}],
            ["200 g flour, sifted"],
        ),
    ],
)
def test_each_node_of_the_ingredients_is_a_line(seller: Person, ingredients: Any, lines: list[str]) -> None:
    found = of(seller, recipeIngredient=ingredients)
    assert ([line["raw"] for line in found["recipe"]["ingredients"]], found["warnings"]) == (lines, [])


@pytest.mark.parametrize(
    ("value", "servings", "warnings"),
    [
        ("About 3 dozen", 36, []),
        ("a dozen", 12, []),
        ("1,000 cookies", 1000, []),
        ({"minValue": 4, "maxValue": 6}, 4, ["servings: maxValue '6' is left out."]),
        ("4-6", 4, ["servings: 4 is taken of '4-6': the range ends at 6."]),
        (-4, None, ["servings: '-4' is not from 1 to 1000: left out."]),
        ("-4", None, ["servings: '-4' is not from 1 to 1000: left out."]),
        ("4.5 servings", 4, ["servings: 4 is taken of '4.5 servings'."]),
        ("1 1/2 dozen", 18, []),
        (["4", "4 servings"], 4, []),
        (["4", "1 loaf"], 4, ["servings: '1 loaf' is left out."]),
        ("2 9-inch pies", 2, ["servings: 2 is taken of '2 9-inch pies': '9-inch pies' is left out."]),
        ("٤", 4, []),
        ("Pour 4/6 personnes", 4, ["servings: 4 is taken of 'Pour 4/6 personnes': the range ends at 6."]),
        ("Serves 6 / 8", 6, ["servings: 6 is taken of 'Serves 6 / 8': the range ends at 8."]),
        ("1/2 dozen", 6, []),
        ("One 9-inch pie", None, ["servings: 'One 9-inch pie' has no number: left out."]),
        ("9-inch cake", None, ["servings: '9-inch cake' has no number: left out."]),
        ("12 inch pizza", None, ["servings: '12 inch pizza' has no number: left out."]),
        ("500 ml", None, ["servings: '500 ml' has no number: left out."]),
        ("1/2 l", None, ["servings: '1/2 l' has no number: left out."]),
        ("9-inch cake, serves 8", 8, []),
    ],
)
def test_a_yield_is_read_or_warned_of(seller: Person, value: Any, servings: int | None, warnings: list[str]) -> None:
    found = of(seller, recipeYield=value)
    assert (found["recipe"]["servings"], found["warnings"]) == (servings, warnings)


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("P0Y0M0DT0H35M0.000S", 35),
        ("PT1H 30M", 90),
        ("1 hour 30 minutes", 90),
        ("1 hr, 30 mins", 90),
        ("1h30m", 90),
        (90, 90),
        ("90", 90),
        (["PT10M"], 10),
        ({"@type": "Duration", "@value": "PT10M"}, 10),
    ],
)
def test_durations_come_in_many_forms(seller: Person, value: Any, minutes: int) -> None:
    found = of(seller, cookTime=value)
    assert (found["recipe"]["cook_minutes"], found["warnings"]) == (minutes, [])


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400, 1e300], ids=["inf", "nan", "10**400", "1e300"])
def test_a_duration_that_is_no_finite_time_is_warned_of(value: Any) -> None:
    step = {"text": "Sweat.", "performTime": value}
    draft = draft_of([{"@type": "Recipe", "name": "T", "cookTime": value, "recipeInstructions": [step]}])
    assert draft is not None
    assert (draft.data["cook_minutes"], draft.data["steps"][0]["timer_seconds"]) == (None, None)
    assert [warning.partition(":")[0] for warning in draft.warnings] == ["cook_minutes", "steps"]


@pytest.mark.parametrize("value", ["P1M", "P1Y", "overnight", "1 hour or so", -5, True, "PT"])
def test_what_is_no_duration_is_warned_of(seller: Person, value: Any) -> None:
    found = of(seller, cookTime=value)
    assert found["recipe"]["cook_minutes"] is None
    assert warned(found).startswith("cook_minutes: ")


@pytest.mark.parametrize(
    ("prep", "cook", "total", "minutes", "is_warned"),
    [
        ("PT0M", "PT0M", "PT45M", (0, 45), True),
        ("PT10M", "PT20M", "PT30M", (10, 20), False),
        ("PT10M", "PT20M", "PT90M", (10, 20), True),
        ("PT10M", None, "PT10M", (10, None), False),
    ],
)
def test_a_total_is_cooking_time_or_a_warning(
    seller: Person, prep: Any, cook: Any, total: Any, minutes: Any, is_warned: bool
) -> None:
    found = of(seller, prepTime=prep, cookTime=cook, totalTime=total)
    assert (found["recipe"]["prep_minutes"], found["recipe"]["cook_minutes"]) == minutes
    assert bool(found["warnings"]) == is_warned


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Mac &amp;amp; Cheese", "Mac & Cheese"),
        ("&lt;p&gt;Good&lt;/p&gt;", "Good"),
        ("5 &lt; 6 &amp; 7 > 6", "5 < 6 & 7 > 6"),
        ("a <long> way", "a <long> way"),
        ("<p>One</p><p>two", "One two"),
    ],
)
def test_entities_and_tags_are_text(seller: Person, written: str, text: str) -> None:
    recipe = of(seller, name=written, recipeIngredient=[written, "salt"])["recipe"]
    assert (recipe["name"], recipe["ingredients"][0]["raw"]) == (text, text)


FULL = {"@type": "Recipe", "name": "Soup", "recipeIngredient": ["2 leeks"], "recipeInstructions": ["Sweat."]}


@pytest.mark.parametrize("stub", [{"@type": "Recipe", "name": "Stub"}, {"@type": "Recipe", "url": "x"}])
def test_of_several_recipes_the_fullest_is_taken_and_the_others_are_named(seller: Person, stub: Any) -> None:
    found = imported(seller, jsonld={"@graph": [stub, FULL]})
    assert found["recipe"]["name"] == "Soup"
    name = stub.get("name", "without a name")
    assert found["warnings"] == [f"recipe: other recipes of this source are left out: '{name}'."]


def test_a_recipe_that_is_there_twice_is_one(seller: Person) -> None:
    assert imported(seller, jsonld=[FULL, FULL, {"@type": "Recipe", "@id": "#soup"}])["warnings"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("author", {"@type": "Person", "name": "Ann"}),
        ("url", "https://food.example/soup"),
        ("nutrition", {"@type": "NutritionInformation", "calories": "240 kcal"}),
        ("tool", ["pan", {"@type": "HowToTool", "name": "lid"}]),
        ("suitableForDiet", "https://schema.org/VeganDiet"),
        ("license", "https://creativecommons.org/licenses/by/4.0/"),
        ("video", {"@type": "VideoObject", "name": "How to", "contentUrl": "x.mp4"}),
        ("isBasedOn", "https://food.example/older"),
        ("somethingNew", 7),
    ],
)
def test_what_a_recipe_has_no_field_for_is_warned_of_by_its_name(seller: Person, name: str, value: Any) -> None:
    (warning,) = of(seller, **{name: value})["warnings"]
    assert warning.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "value",
    [
        [0] * 300_000,
        [[0]] * 100_000,
        [{"@id": "#node"}] * 100_000,
        {str(number): 0 for number in range(100_000)},
        "a\n" * 500_000,
    ],
    ids=["numbers", "lists", "references", "object", "text"],
)
@pytest.mark.parametrize("name", ["recipeIngredient", "recipeInstructions", "keywords", "description"])
def test_a_source_of_countless_parts_takes_little_memory_and_is_warned_of(name: str, value: Any) -> None:
    node = {"@id": "#node", "items": [0] * 10_000}
    tracemalloc.start()
    draft = draft_of([{"@type": "Recipe", "name": "T", name: value}, {"@graph": [node]}])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert draft is not None and draft.warnings
    assert peak < 32 * 1024**2


# --- whatever the shape, no word is lost ---

_PROPERTIES = st.sampled_from(
    [
        *(
            "text",
            "name",
            "description",
            "headline",
            "itemListElement",
            "item",
            "steps",
            "step",
            "@list",
            "@value",
            "0",
        ),
        *(
            "1",
            "value",
            "unitText",
            "minValue",
            "maxValue",
            "requiredQuantity",
            "amount",
            "performTime",
            "timeRequired",
        ),
        *("image", "url", "tool", "supply", "nutrition"),
    ]
)
_TYPES = st.sampled_from(
    [
        *("HowToStep", "HowToSection", "HowToDirection", "HowToTip", "ListItem", "ItemList", "HowTo", "HowToSupply"),
        *("PropertyValue", "QuantitativeValue", "Thing", ["HowToStep", "Thing"]),
    ]
)
# Each becomes a word of its own; the sizes keep a warning within what it shows.
_WORD = st.just("word")


def _nodes(inner: Any) -> Any:
    properties = st.dictionaries(_PROPERTIES, inner, max_size=4)
    typed = st.builds(lambda kind, node: {"@type": kind, **node}, _TYPES, properties)
    return st.lists(inner, max_size=3) | properties | typed


_shapes = st.recursive(_WORD, _nodes, max_leaves=12)
_recipes = st.dictionaries(
    st.sampled_from(
        [
            *("description", "recipeIngredient", "ingredients", "recipeInstructions", "recipeYield", "yield", "supply"),
            *("prepTime", "cookTime", "totalTime", "keywords", "recipeCategory", "author", "nutrition", "video"),
        ]
    ),
    _shapes,
    max_size=2,
)


def with_words(value: Any, words: list[str]) -> Any:
    """`value` with a word of its own in each place; these are added to `words`."""
    if isinstance(value, dict):
        return {name: inner if name == "@type" else with_words(inner, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_words(inner, words) for inner in value]
    number = len(words)
    words.append("z" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}"))
    return words[-1]


@settings(max_examples=300, deadline=None)
@given(shape=_recipes)
def test_each_word_of_a_recipe_ends_in_it_or_in_a_warning(shape: dict[str, Any]) -> None:
    words: list[str] = []
    node = with_words(shape, words)
    draft = draft_of([{"@type": "Recipe", "name": "T", **node}])
    assert draft is not None
    told = f"{draft.data} {draft.warnings}"
    assert [word for word in words if word not in told] == [], (node, draft)
