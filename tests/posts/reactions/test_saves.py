"""Saving posts and recipes for later."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Post, Save
from realtime.models import Job
from tests.factories import PostFactory
from tests.posts.reactions.conftest import done, stored
from tests.recipes.conftest import Person, events


def saved(person: Person) -> list[int]:
    return [post["id"] for post in done(person.get("/api/me/saved/?limit=100"))["results"]]


def test_a_save_is_counted_once_and_told_to_nobody(bob: Person, eve: Person, post_id: int) -> None:
    for _ in range(2):
        answer = done(bob.put(f"/api/posts/{post_id}/save/"))
        assert answer == {"post_id": post_id, "is_saved": True, "save_count": 1}
    assert done(bob.get(f"/api/posts/{post_id}/"))["is_saved"] is True
    assert done(eve.get(f"/api/posts/{post_id}/"))["is_saved"] is False
    assert (events(f"post:{post_id}"), Job.objects.count()) == ([], 0)
    for _ in range(2):
        answer = done(bob.delete(f"/api/posts/{post_id}/save/"))
        assert answer == {"post_id": post_id, "is_saved": False, "save_count": 0}
    assert stored(post_id).save_count == 0


def test_a_recipe_is_saved_as_its_announcement(bob: Person, recipe_id: int) -> None:
    announcement = Post.objects.get(announces=recipe_id)
    answer = done(bob.put(f"/api/recipes/{recipe_id}/save/"))
    assert answer == {"recipe_id": recipe_id, "post_id": announcement.pk, "is_saved": True, "save_count": 1}
    assert done(bob.get(f"/api/recipes/{recipe_id}/"))["is_saved"] is True
    assert saved(bob) == [announcement.pk]
    assert done(bob.delete(f"/api/recipes/{recipe_id}/save/"))["is_saved"] is False
    assert saved(bob) == []


def test_what_is_saved_of_a_repost_is_what_it_shows(bob: Person, eve: Person, post_id: int) -> None:
    repost = PostFactory(author=eve.user, original=stored(post_id))
    assert done(bob.put(f"/api/posts/{repost.pk}/save/"))["post_id"] == post_id
    assert saved(bob) == [post_id]


def test_the_list_is_the_persons_own_last_saved_first(ann: Person, bob: Person, eve: Person) -> None:
    first, second, third = (PostFactory(author=ann.user).pk for _ in range(3))
    for post_id in (second, first, third):
        done(bob.put(f"/api/posts/{post_id}/save/"))
    assert saved(bob) == [third, first, second]
    assert saved(eve) == []
    page = done(bob.get("/api/me/saved/?limit=2"))
    assert [post["id"] for post in done(bob.get(page["next"]))["results"]] == [second]


def test_what_one_may_no_longer_see_is_listed_no_longer(ann: Person, bob: Person, post_id: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/save/"))
    done(bob.put("/api/users/ann/mute/"))
    assert saved(bob) == []
    done(bob.delete("/api/users/ann/mute/"))
    assert saved(bob) == [post_id]
    done(ann.put("/api/users/bob/block/"))
    assert saved(bob) == []
    assert bob.put(f"/api/posts/{post_id}/save/").status_code == 404


def test_the_list_costs_the_same_queries_for_5_and_50(ann: Person, bob: Person) -> None:
    counts = []
    for more in (5, 45):
        posts = [PostFactory(author=ann.user) for _ in range(more)]
        Save.objects.bulk_create(Save(post=post, user=bob.user) for post in posts)
        with CaptureQueriesContext(connection) as queries:
            assert len(saved(bob)) == sum((5, 45)[: len(counts) + 1])
        counts.append(len(queries))
    # Who asks, the saves, the posts.
    assert counts == [3, 3]
