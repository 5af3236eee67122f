"""Liking posts, recipes and comments."""

from media_pipeline.drawn import drawn_url
from posts.models import Post
from tests.factories import PostFactory
from tests.jobs import run_jobs
from tests.posts.reactions.conftest import comment_on, done, stored, stored_comment
from tests.recipes.conftest import Person, events


def test_a_like_is_counted_and_heard(ann: Person, bob: Person, anonymous: Person, post_id: int) -> None:
    assert done(bob.put(f"/api/posts/{post_id}/like/")) == {
        "post_id": post_id,
        "like_count": 1,
        "dislike_count": None,
        "is_liked": True,
        "is_disliked": False,
    }
    [event] = events(f"post:{post_id}")
    assert event == {
        "type": "like.created",
        "at": event["at"],
        "actor": {
            "id": bob.user.pk,
            "username": "bob",
            "display_name": "bob",
            "picture": drawn_url("picture", bob.user.pk, "bob"),
        },
        "post_id": post_id,
        "recipe_id": None,
        "comment_id": None,
        "like_count": 1,
    }
    assert done(bob.get(f"/api/posts/{post_id}/"))["is_liked"] is True
    seen = done(anonymous.get(f"/api/posts/{post_id}/"))
    assert (seen["like_count"], seen["is_liked"]) == (1, False)


def test_a_like_again_changes_nothing_and_is_not_heard(bob: Person, post_id: int) -> None:
    first = done(bob.put(f"/api/posts/{post_id}/like/"))
    assert done(bob.put(f"/api/posts/{post_id}/like/")) == first
    assert len(events(f"post:{post_id}")) == 1
    assert stored(post_id).like_count == 1


def test_a_like_is_taken_back_once(bob: Person, eve: Person, post_id: int) -> None:
    done(bob.put(f"/api/posts/{post_id}/like/"))
    done(eve.put(f"/api/posts/{post_id}/like/"))
    for _ in range(2):
        answer = done(bob.delete(f"/api/posts/{post_id}/like/"))
        assert (answer["like_count"], answer["is_liked"]) == (1, False)
    heard = [(event["type"], event["like_count"]) for event in events(f"post:{post_id}")]
    assert heard == [("like.created", 1), ("like.created", 2), ("like.deleted", 1)]
    assert done(bob.delete(f"/api/posts/{post_id}/dislike/"))["like_count"] == 1


def test_a_like_of_a_recipe_is_one_of_its_announcement(bob: Person, recipe_id: int) -> None:
    answer = done(bob.put(f"/api/recipes/{recipe_id}/like/"))
    announcement = Post.objects.get(announces=recipe_id)
    assert (answer["recipe_id"], answer["post_id"], answer["like_count"]) == (recipe_id, announcement.pk, 1)
    recipe = done(bob.get(f"/api/recipes/{recipe_id}/"))
    assert (recipe["like_count"], recipe["is_liked"]) == (1, True)
    for channel in (f"recipe:{recipe_id}", f"post:{announcement.pk}"):
        [event] = events(channel)
        assert (event["type"], event["recipe_id"], event["post_id"]) == ("like.created", recipe_id, announcement.pk)
    assert done(bob.delete(f"/api/recipes/{recipe_id}/like/"))["is_liked"] is False
    assert [event["like_count"] for event in events(f"recipe:{recipe_id}")] == [1, 0]


def test_a_like_of_a_comment_is_heard_where_its_post_is(bob: Person, eve: Person, post_id: int) -> None:
    comment_id = comment_on(bob, post_id)
    answer = done(eve.put(f"/api/comments/{comment_id}/like/"))
    assert answer == {
        "comment_id": comment_id,
        "like_count": 1,
        "dislike_count": None,
        "is_liked": True,
        "is_disliked": False,
    }
    event = events(f"post:{post_id}")[-1]
    assert (event["type"], event["comment_id"], event["like_count"]) == ("like.created", comment_id, 1)
    done(eve.delete(f"/api/comments/{comment_id}/like/"))
    assert events(f"post:{post_id}")[-1]["type"] == "like.deleted"
    assert (stored_comment(comment_id).like_count, stored(post_id).like_count) == (0, 0)


def test_a_like_of_a_repost_is_one_of_what_it_shows(bob: Person, eve: Person, post_id: int) -> None:
    repost = PostFactory(author=eve.user, original=stored(post_id))
    assert done(bob.put(f"/api/posts/{repost.pk}/like/"))["post_id"] == post_id
    assert (stored(post_id).like_count, stored(repost.pk).like_count) == (1, 0)
    assert [event["type"] for event in events(f"post:{post_id}")] == ["like.created"]
    assert events(f"post:{repost.pk}") == []


def test_the_author_is_told_of_a_like_and_not_of_their_own(ann: Person, bob: Person, post_id: int) -> None:
    done(ann.put(f"/api/posts/{post_id}/like/"))
    assert run_jobs() == []
    done(bob.put(f"/api/posts/{post_id}/like/"))
    assert "posts.notify" in run_jobs()
    [told] = done(ann.get("/api/notifications/"))["results"]
    assert (told["kind"], told["post_id"]) == ("like", post_id)


def test_what_one_may_not_see_cannot_be_liked(ann: Person, bob: Person, post_id: int, recipe_id: int) -> None:
    comment_id = comment_on(ann, post_id)
    hidden = PostFactory(author=ann.user, visibility="followers").pk
    assert bob.put(f"/api/posts/{hidden}/like/").status_code == 404
    done(ann.put("/api/users/bob/block/"))
    for address in (f"posts/{post_id}", f"recipes/{recipe_id}", f"comments/{comment_id}"):
        assert bob.put(f"/api/{address}/like/").status_code == 404, address
        assert bob.delete(f"/api/{address}/like/").status_code == 404, address
    for address in ("posts/0", "posts/99999999999999999999", "recipes/0", "comments/99999999999999999999"):
        assert bob.put(f"/api/{address}/like/").status_code == 404, address


def test_liking_needs_signing_in(anonymous: Person, post_id: int) -> None:
    assert anonymous.put(f"/api/posts/{post_id}/like/").status_code == 401
