"""What is done to posts and comments, as those hear of it whom it concerns."""

from collections.abc import Callable
from typing import Any

import pytest

from posts.models import Notification
from tests.posts.notifications.conftest import done, inbox, read_all, told, unread
from tests.recipes.conftest import Person, events


def comment(person: Person, post: int, text: str) -> int:
    comment_id: int = done(person.post(f"/api/posts/{post}/comments/", {"text": text}))["id"]
    return comment_id


def reply(person: Person, comment_id: int, text: str) -> int:
    reply_id: int = done(person.post(f"/api/comments/{comment_id}/replies/", {"text": text}))["id"]
    return reply_id


def test_likes_of_a_post_are_told_to_its_author_together(ann: Person, bob: Person, eve: Person, post: int) -> None:
    done(bob.put(f"/api/posts/{post}/like/"))
    done(eve.put(f"/api/posts/{post}/like/"))
    done(ann.put(f"/api/posts/{post}/like/"))
    [item] = inbox(ann)
    assert (item["kind"], item["post_id"], item["comment_id"], item["recipe_id"]) == ("like", post, None, None)
    assert [actor["username"] for actor in item["actors"]] == ["eve", "bob"]
    assert item["actor_count"] == 2
    first, second = [event for event in events(f"inbox:{ann.user.pk}") if event["type"] == "notification.created"]
    assert first["notification"]["id"] == second["notification"]["id"]
    # Whoever is hidden from the reader must not be told beside another.
    assert [actor["username"] for actor in second["notification"]["actors"]] == ["eve"]


def test_a_like_that_is_taken_back_or_made_a_dislike_goes(ann: Person, bob: Person, eve: Person, post: int) -> None:
    done(bob.put(f"/api/posts/{post}/like/"))
    done(eve.put(f"/api/posts/{post}/like/"))
    assert told(ann) == [("like", ["eve", "bob"])]
    done(eve.put(f"/api/posts/{post}/dislike/"))
    assert told(ann) == [("like", ["bob"])]
    done(bob.delete(f"/api/posts/{post}/like/"))
    assert (inbox(ann), unread(ann)) == ([], 0)


def test_liking_again_what_was_read_is_no_news_but_another_like_is(
    ann: Person, bob: Person, eve: Person, post: int
) -> None:
    done(bob.put(f"/api/posts/{post}/like/"))
    read_all(ann)
    done(bob.delete(f"/api/posts/{post}/like/"))
    assert told(ann) == [("like", ["bob"])]
    done(bob.put(f"/api/posts/{post}/like/"))
    assert unread(ann) == 0
    done(eve.put(f"/api/posts/{post}/like/"))
    assert told(ann) == [("like", ["eve"]), ("like", ["bob"])]
    assert unread(ann) == 1


def test_each_comment_is_news(ann: Person, bob: Person, eve: Person, post: int) -> None:
    comment(bob, post, "Lovely.")
    comment(eve, post, "Which flour?")
    assert told(ann) == [("comment", ["eve", "bob"])]
    comment(bob, post, "And how long?")
    [item] = inbox(ann)
    assert ([actor["username"] for actor in item["actors"]], item["actor_count"]) == (["bob", "eve"], 2)
    read_all(ann)
    comment(bob, post, "Tried it.")
    assert told(ann) == [("comment", ["bob"]), ("comment", ["bob", "eve"])]


def test_a_person_stays_in_it_while_one_of_their_comments_does(ann: Person, bob: Person, post: int) -> None:
    first, second = comment(bob, post, "Lovely."), comment(bob, post, "Which flour?")
    assert told(ann) == [("comment", ["bob"])]
    done(bob.delete(f"/api/comments/{first}/"))
    assert told(ann) == [("comment", ["bob"])]
    done(bob.delete(f"/api/comments/{second}/"))
    assert (inbox(ann), unread(ann)) == ([], 0)


def test_a_reply_is_told_to_whom_it_answers_and_a_like_of_a_comment_to_its_author(
    ann: Person, bob: Person, eve: Person, post: int
) -> None:
    asked = comment(bob, post, "Which flour?")
    reply(eve, asked, "Rye.")
    done(ann.put(f"/api/comments/{asked}/like/"))
    like, answer = inbox(bob)
    assert (like["kind"], like["comment_id"], like["post_id"]) == ("like", asked, post)
    assert (answer["kind"], answer["comment_id"], answer["post_id"]) == ("reply", asked, post)
    assert told(ann) == [("comment", ["bob"])]
    # Once the comment is deleted, nothing of it concerns anybody.
    done(bob.delete(f"/api/comments/{asked}/"))
    assert (inbox(bob), inbox(ann)) == ([], [])
    assert events(f"inbox:{bob.user.pk}")[-1]["type"] == "notification.read"


def test_a_repost_is_told_to_the_author(ann: Person, bob: Person, post: int) -> None:
    done(bob.put(f"/api/posts/{post}/repost/"))
    [item] = inbox(ann)
    assert (item["kind"], item["post_id"]) == ("repost", post)
    done(bob.delete(f"/api/posts/{post}/repost/"))
    assert inbox(ann) == []


def test_likes_and_comments_of_a_recipe_name_the_recipe(ann: Person, bob: Person) -> None:
    recipe = ann.create()
    done(bob.put(f"/api/recipes/{recipe['id']}/like/"))
    done(bob.post(f"/api/recipes/{recipe['id']}/comments/", {"text": "Lovely."}))
    assert [(item["kind"], item["recipe_id"], item["post_id"]) for item in inbox(ann)] == [
        ("comment", recipe["id"], recipe["post_id"]),
        ("like", recipe["id"], recipe["post_id"]),
    ]


def test_people_are_told_that_a_text_names_them(ann: Person, bob: Person, eve: Person) -> None:
    post = done(ann.post("/api/posts/", {"text": "For @BOB, @bob, @ann and @nobody."}))["id"]
    [item] = inbox(bob)
    assert (item["kind"], item["post_id"]) == ("mention", post)
    assert (inbox(ann), inbox(eve)) == ([], [])
    done(ann.patch(f"/api/posts/{post}/", {"text": "For @eve."}))
    assert (told(bob), told(eve)) == ([], [("mention", ["ann"])])
    named = comment(eve, post, "@bob should see this")
    assert [(item["kind"], item["comment_id"]) for item in inbox(bob)] == [("mention", named)]
    done(eve.delete(f"/api/comments/{named}/"))
    assert inbox(bob) == []


def test_at_most_fifty_people_are_told_of_one_text(ann: Person, person: Callable[..., Person]) -> None:
    people = [person(f"p{number}") for number in range(52)]
    done(ann.post("/api/posts/", {"text": " ".join(f"@p{number}" for number in range(52))}))
    assert [len(inbox(one)) for one in people] == [1] * 50 + [0] * 2


def test_who_may_not_see_the_text_is_not_told_that_it_names_them(ann: Person, bob: Person, eve: Person) -> None:
    done(bob.put("/api/users/ann/follow/"))
    done(ann.post("/api/posts/", {"text": "@bob and @eve", "visibility": "followers"}))
    assert (told(bob), told(eve)) == ([("mention", ["ann"])], [])


def test_who_is_named_hears_of_it_while_they_may_read_the_post(ann: Person, bob: Person) -> None:
    path = f"/api/posts/{done(ann.post('/api/posts/', {'text': 'For @bob', 'visibility': 'followers'}))['id']}/"
    assert told(bob) == []
    done(ann.patch(path, {"visibility": "public"}))
    assert told(bob) == [("mention", ["ann"])]
    done(ann.patch(path, {"visibility": "followers"}))
    assert told(bob) == []


def test_a_deleted_post_takes_its_notifications_along(ann: Person, bob: Person, post: int) -> None:
    done(bob.put(f"/api/posts/{post}/like/"))
    done(ann.patch(f"/api/posts/{post}/", {"text": "For @bob."}))
    assert (len(inbox(ann)), len(inbox(bob))) == (1, 1)
    done(ann.delete(f"/api/posts/{post}/"))
    assert (inbox(ann), inbox(bob), unread(ann), unread(bob)) == ([], [], 0, 0)


@pytest.mark.parametrize("when", ["before", "between"])
def test_what_is_gone_when_the_job_runs_is_told_to_nobody(ann: Person, bob: Person, post: int, when: str) -> None:
    if when == "before":
        inbox(ann)
    asked = comment(bob, post, "For @eve?")
    done(ann.delete(f"/api/posts/{post}/"))
    assert (inbox(ann), inbox(bob)) == ([], [])
    assert not Notification.objects.exists()
    assert asked


def test_a_list_costs_the_same_queries_for_5_and_50(
    ann: Person, person: Callable[..., Person], django_assert_num_queries: Any
) -> None:
    people = [person(f"p{number}") for number in range(4)]
    written = 0
    for wanted in (5, 50):
        while written < wanted:
            post = done(ann.post("/api/posts/", {"text": "Bread."}))["id"]
            for one in people:
                done(one.put(f"/api/posts/{post}/like/"))
            written += 1
        assert len(inbox(ann)) == wanted
        # Who asks, the stream's position, the page, its people.
        with django_assert_num_queries(4):
            page = ann.get("/api/notifications/?limit=100").json()["results"]
        assert [len(item["actors"]) for item in page] == [3] * wanted


def test_what_goes_with_a_deleted_post_is_told_as_read(ann: Person, bob: Person, eve: Person, post: int) -> None:
    mine = comment(bob, post, "Salt?")
    reply(eve, mine, "Yes.")
    [of_ann], [of_bob] = inbox(ann), inbox(bob)
    read_all(ann)
    done(ann.delete(f"/api/posts/{post}/"))
    assert (inbox(ann), inbox(bob)) == ([], [])
    [heard] = [event for event in events(f"inbox:{bob.user.pk}") if event["type"] == "notification.read"]
    assert (heard["ids"], heard["unread_count"]) == ([of_bob["id"]], 0)
    read = [event["ids"] for event in events(f"inbox:{ann.user.pk}") if event["type"] == "notification.read"]
    assert read == [[of_ann["id"]]], "once, when she read it herself"
