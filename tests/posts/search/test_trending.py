"""Trending recipes: /api/recipes/?order=trending, and the job that computes it."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import PostReaction
from posts.tasks import update_trends
from posts.trending import update_recipes
from recipes.models import Recipe
from tests.posts.conftest import Person


def trending(person: Person, query: str = "") -> list[str]:
    response = person.get(f"/api/recipes/?order=trending{query}")
    assert response.status_code == 200, response.content
    return [recipe["name"] for recipe in response.json()["results"]]


def scores() -> dict[str, int]:
    return dict(Recipe.objects.values_list("name", "trending_score"))


def test_each_thing_that_people_do_with_a_recipe_makes_it_trend(ann: Person, bob: Person, sally: Person) -> None:
    recipes = {name: sally.create(name=name) for name in ("quiet", "seen", "liked", "saved", "commented", "cheered")}
    path = {name: f"/api/recipes/{recipe['id']}" for name, recipe in recipes.items()}
    assert ann.post("/api/views/", {"post_ids": [recipes["seen"]["post_id"]]}).status_code < 300
    assert ann.put(f"{path['liked']}/like/").status_code < 300
    assert ann.put(f"{path['saved']}/save/").status_code < 300
    assert ann.post(f"{path['commented']}/comments/", {"text": "Lovely."}).status_code == 201
    ann.rate(recipes["cheered"]["id"], 5)
    ann.repost(recipes["cheered"]["post_id"])
    update_trends()
    assert trending(bob) == ["cheered", "commented", "saved", "liked", "seen", "quiet"]
    assert scores()["quiet"] == 0


def test_what_was_done_lately_counts_more_and_after_a_week_nothing(ann: Person, bob: Person, sally: Person) -> None:
    old, new, gone = (sally.create(name=name) for name in ("old", "new", "gone"))
    for recipe, days in ((old, 3), (new, 0), (gone, 8)):
        for person in (ann, bob):
            if recipe is new and person is bob:
                continue
            person.put(f"/api/recipes/{recipe['id']}/like/")
        PostReaction.objects.filter(post=recipe["post_id"]).update(created_at=timezone.now() - timedelta(days=days))
    update_trends()
    found = scores()
    assert (found["new"], found["old"], found["gone"]) == (100, 25, 0)
    assert trending(ann) == ["new", "old", "gone"]


def test_a_recipe_that_has_become_quiet_trends_no_more(ann: Person, sally: Person) -> None:
    recipe = sally.create(name="Soup")
    ann.put(f"/api/recipes/{recipe['id']}/like/")
    now = timezone.now()
    assert (update_recipes(now=now), scores()["Soup"]) == (1, 100)
    assert update_recipes(now=now) == 0
    assert (update_recipes(now=now + timedelta(days=1)), scores()["Soup"]) == (1, 50)
    assert (update_recipes(now=now + timedelta(days=8)), scores()["Soup"]) == (1, 0)


def test_trends_change_neither_the_version_nor_the_time_of_a_recipe(ann: Person, sally: Person) -> None:
    recipe = sally.create(name="Soup")
    ann.put(f"/api/recipes/{recipe['id']}/like/")
    update_trends()
    after = sally.get(f"/api/recipes/{recipe['id']}/").json()
    assert (after["version"], after["updated_at"]) == (recipe["version"], recipe["updated_at"])


def test_the_queries_of_the_job_do_not_grow_with_the_recipes(ann: Person, sally: Person) -> None:
    counts = []
    for _ in range(2):
        for number in range(10):
            recipe = sally.create(name=f"Soup {number}")
            ann.put(f"/api/recipes/{recipe['id']}/like/")
        with CaptureQueriesContext(connection) as queries:
            update_recipes()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_trending_recipes_are_paged_and_narrowed(ann: Person, sally: Person) -> None:
    for number in range(5):
        recipe = sally.create(name=f"Soup {number}", tags=["soup"] if number % 2 else [])
        for _ in range(number):
            ann.post("/api/views/", {"post_ids": [recipe["post_id"]]})
        if number > 2:
            ann.put(f"/api/recipes/{recipe['id']}/save/")
    update_trends()
    everything = trending(ann)
    assert everything[:2] == ["Soup 4", "Soup 3"]
    names: list[str] = []
    url = "/api/recipes/?order=trending&limit=2"
    while url:
        page = ann.get(url).json()
        names += [recipe["name"] for recipe in page["results"]]
        url = page["next"]
    assert names == everything
    assert trending(ann, "&tag=soup&seller=sally&max_minutes=600") == ["Soup 3", "Soup 1"]
