"""Showing a post to one's own followers."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from accounts.models import Profile
from posts.models import Post
from realtime.models import Job
from tests.concurrently import at_once
from tests.posts.conftest import Person, events


def path_of(post_id: int) -> str:
    return f"/api/posts/{post_id}/repost/"


def test_a_repost_shows_the_original(ann: Person, bob: Person) -> None:
    post = ann.write("Soup #lunch")
    response = bob.put(path_of(post["id"]))
    repost = response.json()
    assert (response.status_code, response["Location"]) == (201, f"/api/posts/{repost['id']}/")
    assert (repost["kind"], repost["author"]["username"], repost["text"], repost["tags"]) == ("repost", "bob", "", [])
    original = bob.get(f"/api/posts/{post['id']}/").json()
    assert repost["original"] == original
    assert (original["repost_count"], original["is_reposted"], repost["is_reposted"]) == (1, True, True)
    assert (repost["repost_count"], repost["locked"]) == (1, False)
    assert bob.listed("/api/users/bob/posts/") == [repost["id"]]


def test_reposting_again_is_the_same_repost_and_not_heard(ann: Person, bob: Person) -> None:
    post = ann.write()
    first = bob.put(path_of(post["id"]))
    again = bob.put(path_of(post["id"]))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert [event["type"] for event in events(f"post:{post['id']}")] == ["repost.created"]
    assert Profile.objects.get(user=bob.user).post_count == 0


def test_a_repost_of_a_repost_is_one_of_the_original(ann: Person, bob: Person, carl: Person) -> None:
    post = ann.write()
    of_bob = bob.repost(post["id"])
    of_carl = carl.repost(of_bob["id"])
    assert of_carl["original"]["id"] == post["id"]
    assert of_carl["original"]["repost_count"] == 2
    assert carl.delete(path_of(of_bob["id"])).status_code == 204
    assert Post.objects.filter(kind="repost").count() == 1


def test_reposts_are_heard_with_the_exact_count(ann: Person, bob: Person, carl: Person) -> None:
    post = ann.write()
    ids = [bob.repost(post["id"])["id"], carl.repost(post["id"])["id"]]
    bob.delete(path_of(post["id"]))
    told = [(e["type"], e["repost_id"], e["repost_count"]) for e in events(f"post:{post['id']}")]
    assert told == [("repost.created", ids[0], 1), ("repost.created", ids[1], 2), ("repost.deleted", ids[0], 1)]
    assert [event["type"] for event in events(f"post:{ids[0]}")] == ["post.deleted"]
    published = events(f"user:{bob.user.pk}")[-1]
    assert (published["kind"], published["original_id"], published["text"]) == ("repost", post["id"], "")


def test_a_repost_of_an_announcement_is_heard_on_the_recipes_channel(sally: Person, bob: Person) -> None:
    recipe = sally.create()
    repost = bob.repost(recipe["post_id"])
    assert repost["original"]["recipe"]["id"] == recipe["id"]
    [event] = [event for event in events(f"recipe:{recipe['id']}") if event["type"] == "repost.created"]
    assert (event["recipe_id"], event["repost_id"]) == (recipe["id"], repost["id"])


def test_taking_back_what_is_not_there_is_fine(ann: Person, bob: Person) -> None:
    post = ann.write()
    assert bob.delete(path_of(post["id"])).status_code == 204
    assert events(f"post:{post['id']}") == []


def test_a_repost_is_deleted_like_a_post(ann: Person, bob: Person, carl: Person) -> None:
    post = ann.write()
    repost = bob.repost(post["id"])
    address = f"/api/posts/{repost['id']}/"
    assert carl.delete(address).status_code == 403
    refused = bob.patch(address, {"text": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "repost")
    assert bob.delete(address).status_code == 204
    assert ann.get(f"/api/posts/{post['id']}/").json()["repost_count"] == 0


def test_reposts_go_with_what_they_show(sally: Person, bob: Person) -> None:
    recipe, post = sally.create(), sally.write()
    reposts = [bob.repost(recipe["post_id"])["id"], bob.repost(post["id"])["id"]]
    assert sally.delete(f"/api/recipes/{recipe['id']}/").status_code == 204
    assert sally.delete(f"/api/posts/{post['id']}/").status_code == 204
    for repost in reposts:
        assert bob.get(f"/api/posts/{repost}/").status_code == 404
        assert [(event["type"], event["actor"]) for event in events(f"post:{repost}")] == [("post.deleted", None)]


def test_what_is_for_followers_is_not_reposted_not_even_by_its_author(ann: Person, bob: Person) -> None:
    bob.follow(ann)
    post = ann.write(visibility="followers")
    for person in (ann, bob):
        response = person.put(path_of(post["id"]))
        assert (response.status_code, response.json()["code"]) == (409, "not_public")


def test_ones_own_and_premium_posts_may_be_reposted(ann: Person, bob: Person, premium: Person) -> None:
    post = ann.write("Secret", visibility="premium")
    assert ann.repost(post["id"])["original"]["text"] == "Secret"
    assert (bob.repost(post["id"])["original"]["locked"], bob.repost(post["id"])["original"]["text"]) == (True, "")
    assert premium.get(f"/api/posts/{post['id']}/").json()["text"] == "Secret"


def test_a_post_that_becomes_for_followers_loses_its_reposts(ann: Person, bob: Person, carl: Person) -> None:
    post = ann.write()
    for person in (bob, carl):
        person.repost(post["id"])
    changed = ann.patch(f"/api/posts/{post['id']}/", {"visibility": "followers"}).json()
    assert (changed["visibility"], changed["repost_count"]) == ("followers", 0)
    assert bob.listed("/api/users/bob/posts/") == []
    types = [event["type"] for event in events(f"post:{post['id']}")]
    assert types == ["repost.created"] * 2 + ["repost.deleted"] * 2 + ["post.updated"]


def test_the_author_is_to_be_notified_of_both(ann: Person, bob: Person) -> None:
    post = ann.write()
    bob.repost(post["id"])
    bob.delete(path_of(post["id"]))
    jobs = Job.objects.filter(task="posts.notify")
    assert [(job.args["kind"], job.args["recipient_id"], job.args["actor_id"]) for job in jobs] == [
        ("repost", ann.user.pk, bob.user.pk)
    ] * 2


@pytest.mark.django_db(transaction=True)
def test_people_who_repost_and_take_back_at_once_are_counted_exactly(
    ann: Person, person: Callable[..., Person]
) -> None:
    post = ann.write()
    people = [person(f"p{number}") for number in range(6)]

    def back_and_forth(one: Person) -> None:
        for _ in range(3):
            one.repost(post["id"])
            assert one.delete(path_of(post["id"])).status_code == 204
        one.repost(post["id"])

    at_once([lambda one=one: back_and_forth(one) for one in people])
    assert ann.get(f"/api/posts/{post['id']}/").json()["repost_count"] == 6
    assert Post.objects.filter(original=post["id"]).count() == 6
    counts = [event["repost_count"] for event in events(f"post:{post['id']}")]
    assert all(abs(one - next_) == 1 for one, next_ in pairwise(counts))


@pytest.mark.django_db(transaction=True)
def test_one_person_who_reposts_twice_at_once_has_one_repost(ann: Person, bob: Person) -> None:
    post = ann.write()
    answers = at_once([lambda: bob.put(path_of(post["id"])).status_code] * 4)
    assert sorted(answers) == [200, 200, 200, 201]
    assert ann.get(f"/api/posts/{post['id']}/").json()["repost_count"] == 1
