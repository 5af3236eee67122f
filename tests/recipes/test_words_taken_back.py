"""What a deleted recipe or rating said is recovered by nobody; its place in the channel and the numbers stay."""

from tests.jobs import run_jobs
from tests.recipes.conftest import Person, events


def test_a_deleted_recipe_is_told_as_of_somebody_hidden(seller: Person) -> None:
    kept, gone = (seller.create(name=name)["id"] for name in ("Leek soup", "A secret"))
    seller.patch(f"/api/recipes/{gone}/", {"name": "Another secret"})
    assert seller.delete(f"/api/recipes/{gone}/").status_code == 204
    assert "recipes.blank_recipe" in run_jobs()
    first, second = events("recipes")
    assert (first["recipe_id"], first["name"]) == (kept, "Leek soup")
    assert (second["type"], second["recipe_id"]) == ("recipe.published", gone)
    assert [second[name] for name in ("name", "tags", "image", "actor")] == [None] * 4
    assert "ecret" not in str([*events(f"user:{seller.user.pk}"), *events(f"recipe:{gone}")])


def test_a_rating_that_is_taken_back_loses_its_review_alone(seller: Person, customer: Person) -> None:
    recipe_id = seller.create()["id"]
    for score in (1, 2):
        customer.rate(recipe_id, score, review=f"A secret {score}")
    customer.delete(f"/api/recipes/{recipe_id}/rate/")
    assert events(f"recipe:{recipe_id}")[-1]["review"] == "", "nor is it told again when it goes"
    customer.rate(recipe_id, 4, review="Good after all.")
    assert "recipes.blank_review" in run_jobs()
    assert [(event["type"], event["score"], event["review"]) for event in events(f"recipe:{recipe_id}")] == [
        ("rating.created", 1, ""),
        ("rating.updated", 2, ""),
        ("rating.deleted", 2, ""),
        ("rating.created", 4, "Good after all."),
    ]
