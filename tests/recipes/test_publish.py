"""Publishing a recipe, and reading it."""

import base64
import io
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import Profile
from media_pipeline.drawn import drawn_url
from media_pipeline.models import Media
from recipes.models import Recipe
from tests.factories import PASSWORD
from tests.recipes.conftest import SHAKSHUKA, Person, events


def picture(size: tuple[int, int] = (1000, 600)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "tomato").save(file, "JPEG")
    return file.getvalue()


def test_a_seller_publishes_a_recipe_and_anyone_reads_it(seller: Person, anonymous: Person) -> None:
    created = seller.post("/api/recipes/", SHAKSHUKA)
    assert created.status_code == 201
    recipe = created.json()
    assert created["Location"] == f"/api/recipes/{recipe['id']}/"
    read = anonymous.get(created["Location"])
    assert read.status_code == 200
    assert read.json() == recipe
    assert recipe["name"] == "Shakshuka"
    assert recipe["tags"] == ["breakfast", "eggs"]
    assert recipe["ingredients"] == [
        {
            "position": 1,
            "quantity": 1.5,
            "quantity_max": None,
            "unit": "cup",
            "food": "tomatoes",
            "note": "chopped",
            "raw": "1 1/2 cups tomatoes, chopped",
            "display": "1 1/2 cups",
        },
        {
            **{"position": 2, "quantity": 4, "quantity_max": None, "unit": "", "food": "eggs", "note": ""},
            **{"raw": "4 eggs", "display": "4"},
        },
    ]
    assert recipe["steps"] == [
        {"position": 1, "text": "Cook the tomatoes down.", "timer_seconds": None},
        {"position": 2, "text": "Add the eggs.", "timer_seconds": 360},
    ]
    assert recipe["seller"] == {
        "id": seller.user.pk,
        "username": "sally",
        "display_name": "sally",
        "picture": drawn_url("picture", seller.user.pk, "sally"),
        "role": "seller",
    }
    assert (recipe["avg_rating"], recipe["rating_count"], recipe["my_rating"]) == (None, 0, None)
    assert (recipe["image"], recipe["locked"], recipe["visibility"]) == (None, False, "public")


def test_publishing_is_heard_on_recipes_and_on_the_sellers_channel(seller: Person) -> None:
    recipe = seller.create()
    [event] = events("recipes")
    assert event in events(f"user:{seller.user.pk}")
    assert event["type"] == "recipe.published"
    assert event["actor"]["username"] == "sally"
    shown = ("name", "description", "tags", "image", "locked")
    assert {name: event[name] for name in shown} == {name: recipe[name] for name in shown}
    assert event["recipe_id"] == recipe["id"] and event["description"]


def test_publishing_and_deleting_keep_the_sellers_recipe_count(seller: Person) -> None:
    first, second = seller.create(), seller.create()
    assert Profile.objects.get(user=seller.user).recipe_count == 2
    for recipe in (first, second):
        assert seller.delete(f"/api/recipes/{recipe['id']}/").status_code == 204
    assert Profile.objects.get(user=seller.user).recipe_count == 0


def test_a_customer_cannot_publish(customer: Person) -> None:
    response = customer.post("/api/recipes/", {})
    assert (response.status_code, response.json()["code"]) == (403, "sellers_only")
    assert not Recipe.objects.exists()


def test_an_anonymous_person_cannot_publish(anonymous: Person, db: None) -> None:
    assert anonymous.post("/api/recipes/", SHAKSHUKA).status_code == 401


def test_a_name_is_all_that_a_recipe_needs(seller: Person) -> None:
    response = seller.post("/api/recipes/", {"name": "Toast"})
    assert response.status_code == 201
    assert response.json()["ingredients"] == response.json()["tags"] == []


def test_a_picture_comes_as_base64(seller: Person) -> None:
    recipe = seller.create(image=base64.b64encode(picture()).decode())
    assert recipe["image"]["status"] == "pending"
    assert Media.objects.get().owner == seller.user


def test_a_form_carries_the_picture_as_a_file_and_lists_as_json(seller: Person) -> None:
    response = seller.form(
        "/api/recipes/",
        {
            "name": "Shakshuka",
            "servings": "2",
            "cook_minutes": "",
            "tags": orjson.dumps(["eggs", "Breakfast"]).decode(),
            "ingredients": orjson.dumps(SHAKSHUKA["ingredients"]).decode(),
            "image": SimpleUploadedFile("x.jpg", picture(), "image/jpeg"),
        },
    )
    assert response.status_code == 201, response.content
    recipe = response.json()
    assert recipe["image"]["status"] == "pending"
    assert (recipe["servings"], recipe["cook_minutes"], recipe["tags"]) == (2, None, ["eggs", "breakfast"])
    assert [line["food"] for line in recipe["ingredients"]] == ["tomatoes", "eggs"]


def test_a_form_may_repeat_its_fields(seller: Person) -> None:
    steps = ["Boil.", '{"text": "Cool.", "timer_seconds": 60}', "{oven} preheat"]
    response = seller.form("/api/recipes/", {"name": "Eggs", "tags": ["eggs", "quick"], "steps": steps, "image": ""})
    assert response.status_code == 201, response.content
    recipe = response.json()
    assert recipe["tags"] == ["eggs", "quick"]
    assert [(step["text"], step["timer_seconds"]) for step in recipe["steps"]] == [
        ("Boil.", None),
        ("Cool.", 60),
        ("{oven} preheat", None),
    ]


def test_a_form_with_one_line_that_only_looks_like_json(seller: Person) -> None:
    response = seller.form("/api/recipes/", {"name": "Eggs", "ingredients": "[eggs"})
    assert [line["raw"] for line in response.json()["ingredients"]] == ["[eggs"]


def test_a_form_with_a_file_where_a_text_belongs_is_refused(seller: Person) -> None:
    file = SimpleUploadedFile("x.txt", b"x")
    response = seller.form("/api/recipes/", {"name": "Eggs", "servings": "two", "tags": file})
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"servings", "tags.0"}


def test_a_picture_is_named_by_its_id(seller: Person) -> None:
    media = seller.post("/api/media/", {"image": base64.b64encode(picture()).decode()}).json()
    assert seller.create(image_id=media["id"])["image"]["id"] == media["id"]


def test_the_picture_of_another_person_is_refused(seller: Person, other_seller: Person) -> None:
    media = other_seller.post("/api/media/", {"image": base64.b64encode(picture()).decode()}).json()
    response = seller.post("/api/recipes/", {**SHAKSHUKA, "image_id": media["id"]})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["image_id"])
    assert not Recipe.objects.exists()


def test_a_picture_that_failed_is_refused(seller: Person) -> None:
    media = seller.post("/api/media/", {"image": base64.b64encode(picture()).decode()}).json()
    Media.objects.update(status="failed", error="truncated")
    assert seller.post("/api/recipes/", {**SHAKSHUKA, "image_id": media["id"]}).status_code == 400


@pytest.mark.parametrize(
    ("image", "status"),
    [
        (base64.b64encode(b"no picture at all").decode(), 415),
        ("%%%", 400),
        ("", 400),
        (5, 400),
        ("data:image/png,abc", 400),
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_is_stored(seller: Person, image: Any, status: int) -> None:
    response = seller.post("/api/recipes/", {**SHAKSHUKA, "image": image})
    assert response.status_code == status, response.content
    assert not Recipe.objects.exists()
    assert not Media.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"description": ["x"]}, "description"),
        ({"description": "x" * 10_001}, "description"),
        ({"servings": 0}, "servings"),
        ({"servings": 1.5}, "servings"),
        ({"servings": "2"}, "servings"),
        ({"servings": True}, "servings"),
        ({"prep_minutes": -1}, "prep_minutes"),
        ({"cook_minutes": 10**12}, "cook_minutes"),
        ({"tags": "eggs"}, "tags"),
        ({"tags": ["#"]}, "tags.0"),
        ({"tags": [5]}, "tags.0"),
        ({"tags": ["ﬃ" * 20]}, "tags.0"),
        ({"tags": [f"t{n}" for n in range(31)]}, "tags"),
        ({"ingredients": ["x"] * 101}, "ingredients"),
        ({"ingredients": ["ok", ""]}, "ingredients.1"),
        ({"ingredients": [7]}, "ingredients.0"),
        ({"ingredients": [{}]}, "ingredients.0"),
        ({"ingredients": [{"quantity": 2}]}, "ingredients.0"),
        ({"ingredients": [{"food": "x", "quantity": "two"}]}, "ingredients.0.quantity"),
        ({"ingredients": [{"food": "x", "quantity": True}]}, "ingredients.0.quantity"),
        ({"ingredients": [{"food": "x", "quantity": -1}]}, "ingredients.0.quantity"),
        ({"ingredients": [{"food": "x", "quantity": 1e300}]}, "ingredients.0.quantity"),
        ({"ingredients": ["x" * 501]}, "ingredients.0"),
        ({"steps": ["x"] * 101}, "steps"),
        ({"steps": [5]}, "steps.0"),
        ({"steps": [{"text": ""}]}, "steps.0.text"),
        ({"steps": [{"text": "x", "timer_seconds": 0}]}, "steps.0.timer_seconds"),
        ({"image": "x", "image_id": "0b7c4a0e-6d1e-4f6e-9a43-111111111111"}, "image"),
        ({"image_id": "x"}, "image_id"),
        ({"image_id": "0b7c4a0e-6d1e-4f6e-9a43-111111111111"}, "image_id"),
    ],
    ids=str,
)
def test_bad_input_names_the_field_and_stores_nothing(seller: Person, changes: dict[str, Any], field: str) -> None:
    response = seller.post("/api/recipes/", {**SHAKSHUKA, **changes})
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert field in response.json()["errors"]
    assert not Recipe.objects.exists()


def test_an_ingredient_in_parts_keeps_its_own_raw_line(seller: Person) -> None:
    parts = {"raw": "a good cup of flour", "quantity": 1.25, "unit": "cup", "food": "flour", "note": "heaped"}
    written = {"quantity": 0.333333, "unit": "tsp", "food": "salt", "note": "fine"}
    recipe = seller.create(ingredients=[parts, written, {"raw": "200g sugar"}])
    lines = [{key: line[key] for key in ("raw", "quantity", "display")} for line in recipe["ingredients"]]
    assert lines == [
        {"raw": "a good cup of flour", "quantity": 1.25, "display": "1 1/4 cups"},
        {"raw": "1/3 tsp salt, fine", "quantity": 0.3333, "display": "1/3 tsp"},
        {"raw": "200g sugar", "quantity": 200, "display": "200 g"},
    ]


def test_parts_that_make_too_long_a_line_are_refused(seller: Person) -> None:
    parts = {"quantity": 1.25, "unit": "x" * 40, "food": "f" * 200, "note": "n" * 200}
    assert seller.create(ingredients=[parts])["ingredients"][0]["note"] == "n" * 200
    response = seller.post("/api/recipes/", {"name": "x", "ingredients": [{**parts, "unit": "u" * 41}]})
    assert response.status_code == 400


def test_a_recipe_that_is_not_there_is_404(anonymous: Person, db: None) -> None:
    for recipe_id in (1, 2**63, 10**30):
        response = anonymous.get(f"/api/recipes/{recipe_id}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_recipes_of_a_closed_account_are_hidden(seller: Person, anonymous: Person) -> None:
    recipe = seller.create()
    assert seller.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    assert anonymous.get(f"/api/recipes/{recipe['id']}/").status_code == 404
    assert anonymous.get("/api/recipes/").json()["results"] == []


@pytest.mark.parametrize(("name", "most"), [("tags", 30), ("ingredients", 100), ("steps", 100)])
def test_of_a_list_that_is_too_long_no_element_is_looked_at(seller: Person, name: str, most: int) -> None:
    # Each element is wrong as well; what is said is about their number alone.
    answer = seller.post("/api/recipes/", {**SHAKSHUKA, name: [0] * (most + 1)})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {name: [f"Ensure this field has no more than {most} elements."]}


def test_a_tag_is_measured_before_it_is_normalized(seller: Person) -> None:
    # Normalized, it would be a short one.
    answer = seller.post("/api/recipes/", {**SHAKSHUKA, "tags": ["#" * 500 + "eggs"]})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"tags.0": ["A tag has at most 50 characters."]}


@pytest.mark.parametrize("text", ["Leek\nsoup", "Leek\u2028soup", "puos\u202ekeeL", "\u200b", "Leek\x07soup"])
@pytest.mark.parametrize("field", ["name", "tags", "ingredients"])
def test_names_tags_and_ingredient_lines_are_one_visible_line(seller: Person, field: str, text: str) -> None:
    value = text if field == "name" else [text]
    refused = seller.post("/api/recipes/", {**SHAKSHUKA, field: value})
    assert refused.status_code == 400, refused.content
    assert all(name.startswith(field) for name in refused.json()["errors"])


def test_names_and_tags_are_stored_in_composed_form(seller: Person) -> None:
    recipe = seller.create(name="Cre\u0300me bru\u0302le\u0301e", tags=["cre\u0300me"])
    assert (recipe["name"], recipe["tags"]) == ("Crème brûlée", ["crème"])


def test_an_import_collapses_line_breaks_in_a_name(seller: Person) -> None:
    node = {"@type": "Recipe", "name": "Leek\n\n soup\u202e", "recipeIngredient": ["2\nleeks"]}
    for more in ({}, {"sdPublisher": {"name": "Simmer"}}):
        recipe = seller.post("/api/recipes/import/", {"jsonld": node | more}).json()["recipe"]
        assert recipe["name"] == "Leek soup"


@pytest.mark.parametrize("character", ["ж", "汤"])
def test_a_form_holds_a_long_description_beside_a_picture(seller: Person, character: str) -> None:
    """10,000 characters of any script are up to 90 kB when percent-encoded: no picture yet."""
    description = character * 10_000
    form = {"name": "Soup", "description": description, "image": base64.b64encode(picture()).decode()}
    answer = seller.post("/api/recipes/", urlencode(form), "application/x-www-form-urlencoded")
    assert answer.status_code == 201, answer.content
    assert answer.json()["description"] == description
