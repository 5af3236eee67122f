"""A recipe announces itself as a post, which has no state of its own."""

from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import Profile
from posts.models import Post, PostTag
from realtime.models import StreamEvent
from tests.factories import RecipeFactory
from tests.posts.conftest import Person, events


def test_a_published_recipe_is_a_post_of_its_seller(sally: Person, bob: Person) -> None:
    recipe = sally.create(tags=["Eggs", "Breakfast"])
    post = bob.get(f"/api/posts/{recipe['post_id']}/").json()
    assert (post["kind"], post["text"], post["author"], post["tags"]) == (
        "recipe",
        "",
        recipe["seller"],
        recipe["tags"],
    )
    assert (post["recipe"]["id"], post["recipe"]["name"]) == (recipe["id"], recipe["name"])
    assert bob.listed("/api/users/sally/posts/") == bob.listed("/api/posts/?tag=EGGS") == [post["id"]]
    # It is counted as a recipe, not as a post.
    assert Profile.objects.get(user=sally.user).post_count == 0


def test_an_announcement_is_heard_like_a_post(sally: Person) -> None:
    recipe = sally.create(visibility="premium", tags=["eggs"])
    heard = [event for event in events(f"user:{sally.user.pk}") if event["type"] == "post.published"]
    assert heard == events("feeds")
    [event] = heard
    assert (event["kind"], event["post_id"], event["recipe_id"]) == ("recipe", recipe["post_id"], recipe["id"])
    assert (event["visibility"], event["locked"], event["tags"]) == ("premium", True, ["eggs"])


def test_visibility_and_lock_are_the_recipes(sally: Person, bob: Person, premium: Person) -> None:
    recipe = sally.create()
    address = f"/api/posts/{recipe['post_id']}/"
    assert (bob.get(address).json()["visibility"], bob.get(address).json()["locked"]) == ("public", False)
    sally.patch(f"/api/recipes/{recipe['id']}/", {"visibility": "premium"})
    for person, locked in ((bob, True), (premium, False), (sally, False)):
        post = person.get(address).json()
        assert (post["visibility"], post["locked"], post["recipe"]["locked"]) == ("premium", locked, locked)


def test_an_announcement_is_found_by_its_recipes_tags(sally: Person, bob: Person) -> None:
    recipe = sally.create(tags=["eggs"])
    sally.patch(f"/api/recipes/{recipe['id']}/", {"tags": ["green"]})
    assert bob.listed("/api/posts/?tag=eggs") == []
    assert bob.listed("/api/posts/?tag=green") == [recipe["post_id"]]
    assert bob.get(f"/api/posts/{recipe['post_id']}/").json()["tags"] == ["green"]


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_an_announcement_is_changed_and_deleted_through_its_recipe_alone(sally: Person, method: str) -> None:
    recipe = sally.create()
    response = getattr(sally, method)(f"/api/posts/{recipe['post_id']}/")
    assert (response.status_code, response.json()["code"]) == (409, "announcement")


def test_not_even_a_moderator_deletes_an_announcement_without_its_recipe(sally: Person, moderator: Person) -> None:
    recipe = sally.create()
    assert moderator.delete(f"/api/posts/{recipe['post_id']}/").status_code == 409
    assert Post.objects.count() == 1


def test_an_announcement_goes_with_its_recipe_and_its_readers_hear_it(sally: Person, bob: Person) -> None:
    recipe = sally.create()
    bob.repost(recipe["post_id"])
    assert sally.delete(f"/api/recipes/{recipe['id']}/").status_code == 204
    assert not Post.objects.exists()
    assert events(f"post:{recipe['post_id']}")[-1]["type"] == "post.deleted"
    assert events(f"recipe:{recipe['id']}")[-1]["type"] == "recipe.deleted"


def test_a_recipes_likes_and_saves_are_its_announcements(sally: Person, bob: Person) -> None:
    recipe = sally.create()
    for deed in ("like", "save"):
        assert bob.put(f"/api/posts/{recipe['post_id']}/{deed}/").status_code in (200, 201, 204)
    for seen in (bob.get(f"/api/recipes/{recipe['id']}/").json(), bob.get("/api/recipes/").json()["results"][0]):
        assert (seen["like_count"], seen["is_liked"], seen["is_saved"]) == (1, True, True)
    seen = sally.get(f"/api/recipes/{recipe['id']}/").json()
    assert (seen["like_count"], seen["is_liked"], seen["is_saved"]) == (1, False, False)


def test_recipes_from_before_are_announced_without_a_word(sally: Person) -> None:
    old = RecipeFactory(seller=sally.user)
    tagged = sally.create(tags=["eggs"])
    Post.objects.all().delete()
    StreamEvent.objects.all().delete()
    migration = import_module("posts.migrations.0003_announcements")
    for _ in range(2):
        migration.announce(apps, None)
    assert set(Post.objects.values_list("announces", "published_at")) == {
        (old.pk, old.created_at),
        (tagged["id"], Post.objects.get(announces=tagged["id"]).announces.created_at),
    }
    assert PostTag.objects.get().post.announces_id == tagged["id"]
    assert not StreamEvent.objects.exists()
