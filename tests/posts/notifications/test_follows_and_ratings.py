"""Follows and ratings, which happen below posts, are told as well."""

from collections.abc import Callable

from media_pipeline.drawn import drawn_url
from tests.posts.notifications.conftest import done, inbox, read_all, told, unread
from tests.recipes.conftest import Person, events


def test_a_follow_is_told_and_heard(ann: Person, bob: Person) -> None:
    done(bob.put("/api/users/ann/follow/"))
    [item] = inbox(ann)
    assert item == {
        "id": item["id"],
        "kind": "follow",
        "actors": [
            {
                "id": bob.user.pk,
                "username": "bob",
                "display_name": "bob",
                "picture": drawn_url("picture", bob.user.pk, "bob"),
                "role": "customer",
            }
        ],
        "actor_count": 1,
        "post_id": None,
        "recipe_id": None,
        "comment_id": None,
        "is_read": False,
        "created_at": item["created_at"],
        "updated_at": item["updated_at"],
    }
    event = events(f"inbox:{ann.user.pk}")[-1]
    assert (event["type"], event["actor"]["username"], event["unread_count"]) == ("notification.created", "bob", 1)
    assert {name: event["notification"][name] for name in ("id", "kind", "actors", "is_read")} == {
        name: item[name] for name in ("id", "kind", "actors", "is_read")
    }
    assert inbox(bob) == []


def test_followers_share_one_notification_while_it_is_unread(ann: Person, person: Callable[..., Person]) -> None:
    for name in ("cat", "dan", "eli", "fay"):
        done(person(name).put("/api/users/ann/follow/"))
    [item] = inbox(ann)
    assert (item["actor_count"], [actor["username"] for actor in item["actors"]]) == (4, ["fay", "eli", "dan"])
    assert unread(ann) == 1
    read_all(ann)
    done(person("gus").put("/api/users/ann/follow/"))
    assert told(ann) == [("follow", ["gus"]), ("follow", ["fay", "eli", "dan"])]
    assert unread(ann) == 1


def test_an_unfollow_before_it_was_read_takes_the_notification_back(ann: Person, bob: Person, eve: Person) -> None:
    done(bob.put("/api/users/ann/follow/"))
    done(eve.put("/api/users/ann/follow/"))
    [item] = inbox(ann)
    done(eve.delete("/api/users/ann/follow/"))
    assert told(ann) == [("follow", ["bob"])]
    done(bob.delete("/api/users/ann/follow/"))
    assert inbox(ann) == []
    event = events(f"inbox:{ann.user.pk}")[-1]
    assert (event["type"], event["ids"], event["unread_count"]) == ("notification.read", [item["id"]], 0)


def test_following_again_after_it_was_read_is_no_news(ann: Person, bob: Person) -> None:
    done(bob.put("/api/users/ann/follow/"))
    read_all(ann)
    done(bob.delete("/api/users/ann/follow/"))
    done(bob.put("/api/users/ann/follow/"))
    assert told(ann) == [("follow", ["bob"])]
    assert unread(ann) == 0


def test_a_rating_is_told_once_and_goes_when_it_is_taken_back(ann: Person, bob: Person, eve: Person) -> None:
    recipe_id = ann.create()["id"]
    done(bob.rate(recipe_id, 4))
    done(bob.rate(recipe_id, 5))
    done(eve.rate(recipe_id, 1))
    [item] = inbox(ann)
    assert (item["kind"], item["recipe_id"], item["actor_count"]) == ("rating", recipe_id, 2)
    done(eve.delete(f"/api/recipes/{recipe_id}/rate/"))
    assert told(ann) == [("rating", ["bob"])]


def test_what_is_undone_before_the_job_runs_is_never_told(ann: Person, bob: Person) -> None:
    done(bob.put("/api/users/ann/follow/"))
    done(bob.delete("/api/users/ann/follow/"))
    assert inbox(ann) == []
    assert "notification.created" not in [event["type"] for event in events(f"inbox:{ann.user.pk}")]


def test_a_deleted_recipe_takes_its_notifications_along(ann: Person, bob: Person) -> None:
    recipe_id = ann.create()["id"]
    done(bob.rate(recipe_id, 4))
    assert len(inbox(ann)) == 1
    done(ann.delete(f"/api/recipes/{recipe_id}/"))
    assert (inbox(ann), unread(ann)) == ([], 0)


def test_the_own_profile_has_the_unread_count(ann: Person, bob: Person) -> None:
    done(bob.put("/api/users/ann/follow/"))
    assert ann.get("/api/me/").json()["unread_notifications"] == 0
    inbox(ann)
    assert ann.get("/api/me/").json()["unread_notifications"] == 1
    read_all(ann)
    assert ann.get("/api/me/").json()["unread_notifications"] == 0
